import { SEGMENTS } from "../data/api";
import { segmentLook } from "./looks";

/** The parts of a bar, and the unit of the bars. */
export function ContextLegend({ unit }: { readonly unit: "tokens" | "bytes" }) {
  return (
    <div className="flex shrink-0 flex-wrap gap-x-4 gap-y-1 border-line border-b px-4 py-2 text-muted text-xs">
      {SEGMENTS.map((what) => (
        <span key={what} className="flex items-center gap-1.5">
          <span aria-hidden className={`h-3 w-4 rounded-[2px] ${segmentLook(what).className}`} />
          {segmentLook(what).title}
        </span>
      ))}
      <span className="ml-auto">
        {unit === "tokens"
          ? "Input tokens, divided in proportion to bytes"
          : "Bytes, because not every call reports tokens"}
      </span>
    </div>
  );
}
