import { Download } from "lucide-react";
import { apiPath } from "../../api/base";
import { filterOf, type View } from "./view";

/** Exports the marked runs that match the filters, as JSON lines for an evaluation dataset. */
export function ExportLink({ view }: { view: View }) {
  const query = new URLSearchParams({ format: "jsonl" });
  for (const [name, value] of Object.entries(filterOf(view))) query.set(name, String(value));
  const says = "Export the marked runs of this list as JSONL";
  return (
    <a
      href={apiPath(`/v1/export?${query}`)}
      download="turnscope-marked.jsonl"
      aria-label={says}
      title={`${says}; narrow it with score.NAME>0.5 or score:LABEL`}
      className="inline-flex h-8 items-center rounded-md border bg-raised px-2 hover:bg-hover max-sm:hidden"
    >
      <Download size={15} aria-hidden />
    </a>
  );
}
