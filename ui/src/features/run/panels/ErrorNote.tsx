import { CircleAlert } from "lucide-react";
import type { ErrorInfo } from "../../../api/types";
import { errorTitle } from "../../../lib/errors";
import { Fold } from "../text/Fold";
import { SafeText } from "../text/SafeText";

/** An error of the agent with its type and message, always open. */
export function ErrorNote({ error }: { readonly error: ErrorInfo }) {
  return (
    <div className="rounded-md bg-error/10 px-3 py-2 text-xs" data-testid="error-note">
      <p className="flex items-center gap-1.5 font-semibold text-error">
        <CircleAlert aria-hidden className="size-3.5 shrink-0" /> {errorTitle(error)}
      </p>
      {error.message && (
        <Fold label="error message">
          <p className="mt-1 whitespace-pre-wrap break-words font-mono leading-5">
            <SafeText>{error.message}</SafeText>
          </p>
        </Fold>
      )}
    </div>
  );
}
