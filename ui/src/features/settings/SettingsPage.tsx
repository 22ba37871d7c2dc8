import { useQuery } from "@tanstack/react-query";
import { session } from "../../api/session";
import { Button } from "../../components/Button";
import { useTitle } from "../../lib/useTitle";
import { Configured } from "./Configured";
import { Health } from "./Health";
import { Prices } from "./Prices";
import { Unread } from "./Unread";

/** The server's health, its contents and its settings. */
export function SettingsPage() {
  useTitle("Settings");
  const signedIn = useQuery({ queryKey: ["session"], queryFn: session.read, retry: false });
  const signOut = async () => {
    await session.signOut();
    window.location.reload();
  };
  return (
    <div className="mx-auto max-w-5xl px-4 pb-10">
      <div className="flex items-center pt-4">
        <h1 className="text-lg font-semibold">Settings and health</h1>
        {signedIn.data?.key_required && (
          <Button className="ml-auto" onClick={signOut}>
            Sign out
          </Button>
        )}
      </div>
      <Health />
      <Configured />
      <Unread />
      <Prices />
    </div>
  );
}
