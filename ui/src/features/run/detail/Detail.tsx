import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ErrorPanel } from "../../../components/ErrorPanel";
import { Skeleton } from "../../../components/Skeleton";
import { visible } from "../../../lib/text";
import { stepDataQuery } from "../data/queries";
import { NONE } from "../data/skeleton";
import { useRunModel } from "../model";
import { useRows } from "../tree/useRows";
import { DetailHead } from "./DetailHead";
import { DetailTabs } from "./DetailTabs";
import { RunDetails } from "./RunDetails";
import { toStepBody } from "./stepData";

/** The selected step in full, or the details of the run if none is selected. */
export function Detail() {
  const { selected } = useRunModel();
  return selected === null ? <RunDetails /> : <StepDetail key={selected} stepId={selected} />;
}

function StepDetail({ stepId }: { readonly stepId: string }) {
  const { run, shape } = useRunModel();
  const at = shape ? shape.at(stepId) : NONE;
  const places = useMemo(() => (at === NONE ? [] : [at]), [at]);
  const row = useRows(run.run_id, places).get(at);
  const data = useQuery(stepDataQuery(run.run_id, stepId));
  const body = useMemo(() => (data.data === undefined ? null : toStepBody(data.data)), [data.data]);
  return (
    <section
      className="flex h-full flex-col"
      aria-label={`Step ${visible(row?.name ?? stepId)}`}
      data-testid="detail"
    >
      <DetailHead stepId={stepId} row={row} />
      {data.isError ? (
        <div className="p-3">
          <ErrorPanel what="This step" error={data.error} retry={() => data.refetch()} />
        </div>
      ) : body === null ? (
        <div className="space-y-3 p-4" aria-hidden>
          <Skeleton className="h-4 w-2/3" />
          <Skeleton className="h-24" />
          <Skeleton className="h-24" />
        </div>
      ) : (
        <DetailTabs stepId={stepId} row={row} body={body} />
      )}
    </section>
  );
}
