import {
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CirclePause,
  Hourglass,
  LoaderCircle,
  type LucideIcon,
} from "lucide-react";
import { stateColour } from "../lib/colours";

const marks: Record<string, LucideIcon> = {
  completed: CircleCheck,
  ok: CircleCheck,
  failed: CircleAlert,
  error: CircleAlert,
  running: LoaderCircle,
  incomplete: CircleDashed,
  waiting: Hourglass,
  pending: CirclePause,
};

/** The status of a run or step: a mark for each status, and its name for screen readers. */
export function StatusMark({ status, title, size = 14 }: { status: string; title?: string; size?: number }) {
  const Mark = marks[status] ?? CircleHelp;
  return (
    <span title={title ?? status} className="inline-flex shrink-0">
      <Mark
        size={size}
        role="img"
        aria-label={status}
        style={{ color: stateColour(status) }}
        className={status === "running" ? "animate-spin [animation-duration:2s]" : ""}
      />
    </span>
  );
}
