import { FilterLink } from "../../../components/FilterLink";
import { RunLink } from "../../../components/RunLink";
import { SessionLink } from "../../../components/SessionLink";
import { visible } from "../../../lib/text";
import { useRunModel } from "../model";

/** The origin of a run: models, user, prompt, session, experiment, and the runs before and after it. */
export function RunOrigin() {
  const { run } = useRunModel();
  const facts: [name: string, field: string, values: readonly string[], more?: string | null | undefined][] =
    [
      ["Model", "model", run.models],
      ["User", "user", only(run.user_id)],
      ["Prompt", "prompt_id", only(run.prompt_id), run.prompt_version && `v${run.prompt_version}`],
      ["Experiment", "experiment_id", only(run.experiment_id), run.experiment_variant],
      ["Service", "service", only(run.service_name)],
    ];
  return (
    <>
      <dl className="contents">
        {facts.map(
          ([name, field, values, more]) =>
            values.length > 0 && (
              <div key={name} className="flex min-w-0 max-w-80 items-baseline gap-1.5">
                <dt className="text-muted">{name}</dt>
                <dd className="truncate">
                  {values.map((value, at) => (
                    <span key={value}>
                      {at > 0 && ", "}
                      <FilterLink name={field} value={value} className="underline" />
                    </span>
                  ))}
                  {more && ` · ${visible(more)}`}
                </dd>
              </div>
            ),
        )}
        {run.session_id && (
          <div className="flex min-w-0 max-w-80 items-baseline gap-1.5">
            <dt className="text-muted">Session</dt>
            <dd className="truncate">
              <SessionLink id={run.session_id} className="underline" />
            </dd>
          </div>
        )}
      </dl>
      {run.links.map(({ run_id, why, direction }) => (
        <RunLink
          key={run_id + why + direction}
          runId={run_id}
          className="text-accent hover:underline"
          title={direction === "before" ? "A run before this one" : "A run after this one"}
        >
          {direction === "before" ? `← ${visible(why)}` : `${visible(why)} →`}
        </RunLink>
      ))}
    </>
  );
}

const only = (value: string | null | undefined): readonly string[] => (value ? [value] : []);
