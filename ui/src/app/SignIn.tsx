import { useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Problem } from "../api/client";
import { session } from "../api/session";
import { Button } from "../components/Button";

/** Asks for the API key, once for each browser, before anything else is shown. */
export function SignIn() {
  const client = useQueryClient();
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    try {
      await session.signIn(String(new FormData(event.currentTarget).get("key") ?? ""));
      client.clear();
      window.location.reload();
    } catch (error) {
      setWrong(
        error instanceof Problem && error.status === 401
          ? "This is not the server's API key."
          : String(error),
      );
      setBusy(false);
    }
  };
  return (
    <main className="mx-auto flex h-full max-w-sm flex-col justify-center gap-3 p-4">
      <h1 className="flex items-center gap-2 text-lg font-semibold">
        <KeyRound size={18} aria-hidden /> Turnscope asks for a key
      </h1>
      <p className="text-muted">
        This server was started with an API key. Enter it once: it stays in a cookie that only the server
        reads.
      </p>
      <form onSubmit={submit} className="flex flex-col gap-2">
        <label htmlFor="key">API key</label>
        <input
          id="key"
          name="key"
          type="password"
          required
          autoComplete="current-password"
          aria-describedby="wrong"
          aria-invalid={wrong !== null}
          className="field h-9 font-mono"
        />
        <p id="wrong" role="alert" className="min-h-5 text-error">
          {wrong}
        </p>
        <Button type="submit" look="primary" className="h-9 justify-center" disabled={busy}>
          Sign in
        </Button>
      </form>
    </main>
  );
}
