import { ErrorPanel } from "../../../components/ErrorPanel";
import { Skeleton } from "../../../components/Skeleton";

/** A run that is loading, or that could not be loaded. */
export function PageState({
  error,
  onRetry,
}: {
  readonly error: Error | null;
  readonly onRetry: () => void;
}) {
  if (error) {
    return (
      <div className="mx-auto max-w-xl p-8">
        <h1 className="sr-only">A run that could not be loaded</h1>
        <ErrorPanel what="This run" error={error} retry={onRetry} />
      </div>
    );
  }
  return (
    <div className="space-y-4 p-4" role="status" aria-label="Loading the run">
      <Skeleton className="h-7 w-64" />
      <Skeleton className="h-4 w-2/3" />
      <div className="mx-auto mt-8 max-w-[860px] space-y-4">
        <Skeleton className="h-5 w-24" />
        <Skeleton className="h-20" />
        <Skeleton className="h-32" />
      </div>
    </div>
  );
}
