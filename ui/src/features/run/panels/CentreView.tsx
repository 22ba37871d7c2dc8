import { ErrorPanel } from "../../../components/ErrorPanel";
import { Skeleton } from "../../../components/Skeleton";
import { ContextView } from "../context/ContextView";
import { useRunModel } from "../model";
import type { RunSearch } from "../search";
import { Story } from "../story/Story";
import { TimelineView } from "../timeline/TimelineView";
import { TreeView } from "../tree/TreeView";

export interface CentreViewProps {
  readonly search: RunSearch;
  readonly onSearch: (search: RunSearch) => void;
  readonly skeletonError: Error | null;
  readonly onRetry: () => void;
  /** Told when another turn of the story is read; null while the one in the address is. */
  readonly onSight: (turn: number | null) => void;
}

/**
 * The view named in the address. The page's script contains all views: they are small, and React delays what replaces a fallback
 * by a third of a second.
 */
export function CentreView({ search, skeletonError, onRetry, onSight }: CentreViewProps) {
  const view = search.view ?? "story";
  if (view === "story") return <Story turn={search.turn} onSight={onSight} />;
  return view === "context" ? (
    <ContextView />
  ) : (
    <OfSteps view={view} error={skeletonError} onRetry={onRetry} />
  );
}

interface OfStepsProps {
  readonly view: "tree" | "timeline";
  readonly error: Error | null;
  readonly onRetry: () => void;
}

function OfSteps({ view, error, onRetry }: OfStepsProps) {
  const { shape } = useRunModel();
  if (shape) return view === "tree" ? <TreeView shape={shape} /> : <TimelineView shape={shape} />;
  if (!error) return <Rows />;
  return (
    <div className="p-4">
      <ErrorPanel what="The steps" error={error} retry={onRetry} />
    </div>
  );
}

function Rows() {
  return (
    <div className="space-y-2 p-4" role="status" aria-label="Loading the steps">
      <Skeleton className="h-5 w-1/2" />
      <Skeleton className="h-5 w-2/3" />
      <Skeleton className="h-5 w-1/3" />
    </div>
  );
}
