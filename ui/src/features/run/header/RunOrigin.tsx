import { RunLink } from "../../../components/RunLink";
import { visible } from "../../../lib/text";
import { useRunModel } from "../model";

/** The origin of a run: models, session, user, prompt, experiment, and the runs before and after it. */
export function RunOrigin() {
  const { run } = useRunModel();
  const facts: [name: string, value: string | null | undefined][] = [
    ["Model", run.models.join(", ")],
    ["Session", run.session_id],
    ["User", run.user_id],
    ["Prompt", join(run.prompt_id, run.prompt_version && `v${run.prompt_version}`)],
    ["Experiment", join(run.experiment_id, run.experiment_variant)],
  ];
  return (
    <>
      <dl className="contents">
        {facts.map(
          ([name, value]) =>
            value && (
              <div key={name} className="flex min-w-0 max-w-72 items-baseline gap-1.5">
                <dt className="text-muted">{name}</dt>
                <dd className="truncate" title={visible(value)}>
                  {visible(value)}
                </dd>
              </div>
            ),
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

const join = (a: string | null | undefined, b: string | null | undefined): string =>
  [a, b].filter(Boolean).join(" · ");
