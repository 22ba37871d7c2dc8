import { useQueryClient } from "@tanstack/react-query";
import { apiPath } from "../../../api/base";
import { readText } from "../../../api/read";
import { stepDataQuery } from "../data/queries";
import { CopyMenu } from "../panels/CopyMenu";
import { toCurl, toMarkdown } from "./copies";
import { toStepBody } from "./stepData";

interface StepCopyProps {
  readonly runId: string;
  readonly stepId: string;
  readonly name: string;
}

/** Copies a step: the complete JSON from the API, a curl command, or Markdown. */
export function StepCopy({ runId, stepId, name }: StepCopyProps) {
  const cache = useQueryClient();
  const path = apiPath(`/v1/runs/${runId}/steps/${encodeURIComponent(stepId)}/data`);
  return (
    <CopyMenu
      what="step"
      items={[
        ["as JSON", () => readText(path)],
        ["as curl", () => toCurl(location.origin, path)],
        [
          "as Markdown",
          async () => toMarkdown(name, toStepBody(await cache.ensureQueryData(stepDataQuery(runId, stepId)))),
        ],
        ["link to this step", () => location.href],
        ["step id", () => stepId],
      ]}
    />
  );
}
