import { apiPath } from "../../../api/base";
import { readText } from "../../../api/read";
import { toCurl } from "../detail/copies";
import { useRunModel } from "../model";
import { CopyMenu } from "../panels/CopyMenu";

/** Copies the run: as JSON, curl, Markdown (the server's summary), its id, or everything for import into another server. */
export function RunCopy() {
  const { run } = useRunModel();
  const path = apiPath(`/v1/runs/${run.run_id}`);
  return (
    <CopyMenu
      what="run"
      items={[
        ["as JSON", () => readText(path)],
        ["as curl", () => toCurl(location.origin, path)],
        ["as Markdown", () => readText(`${path}/summary?max_tokens=20000`)],
        ["as OTLP", () => readText(`${path}/export?format=otlp`)],
        ["link to this view", () => location.href],
        ["run id", () => run.run_id],
      ]}
    />
  );
}
