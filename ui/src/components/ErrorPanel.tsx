import { CircleAlert } from "lucide-react";
import { Problem, whyFailed } from "../api/client";
import { Button } from "./Button";

/** Names what failed, says what can be done, and offers to try again. */
export function ErrorPanel({ what, error, retry }: { what: string; error: unknown; retry?: () => void }) {
  const problem = error instanceof Problem ? error : undefined;
  const detail = problem ? problem.detail : "check that turnscope serve is running, then try again";
  return (
    <div
      role="alert"
      className="m-4 flex max-w-prose items-start gap-3 rounded-md border border-line bg-raised p-3"
    >
      <CircleAlert size={18} className="mt-0.5 shrink-0 text-error" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="font-medium">
          {what} could not be loaded: {whyFailed(error)}
        </p>
        {detail && <p className="mt-0.5 text-muted">{detail}</p>}
        {retry && (
          <Button className="mt-2" onClick={retry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}
