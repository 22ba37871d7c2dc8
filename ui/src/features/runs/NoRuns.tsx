import { Link } from "@tanstack/react-router";
import { EmptyState } from "../../components/EmptyState";

/** Nothing to show, because no run has arrived yet or none matches the filters. */
export function NoRuns({ filtered }: { filtered: boolean }) {
  if (filtered) {
    return (
      <EmptyState title="No run matches">
        Remove a filter, or{" "}
        <Link to="/" className="text-accent underline">
          show all runs
        </Link>
        .
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No runs yet">
      <Link to="/start" className="text-accent underline">
        Send your first run
      </Link>
      : point any agent's OpenTelemetry exporter here. It shows up by itself.
    </EmptyState>
  );
}
