import type { ContextBars } from "../layout/contextBars";
import { SEGMENTS } from "../layout/segments";
import { segmentLook } from "./looks";

/** The parts of the bars that occur, and their unit. */
export function ContextLegend({ layout: { bars, unit } }: { readonly layout: ContextBars }) {
  const occur = new Set(bars.flatMap((bar) => bar.parts.map(({ segment }) => segment.what)));
  return (
    <div className="flex shrink-0 flex-wrap gap-x-4 gap-y-1 border-line border-b px-4 py-2 text-muted text-xs">
      {SEGMENTS.filter((what) => occur.has(what)).map((what) => (
        <span
          key={what}
          className="flex items-center gap-1.5"
          title={
            what === "unseen"
              ? "The provider counted more tokens than these messages can hold. The rest was not sent, such as tool definitions. Estimated."
              : undefined
          }
        >
          <span aria-hidden className={`h-3 w-4 rounded-[2px] ${segmentLook(what).className}`} />
          {segmentLook(what).title}
        </span>
      ))}
      <span className="flex items-center gap-1.5">
        <span aria-hidden className="segment-user segment-new h-3 w-4 rounded-[2px]" />
        hatched: new in this call
      </span>
      <span
        className="ml-auto"
        title="The provider counts the tokens of a whole call. Each part is given its share by its size in bytes."
      >
        {unit === "tokens"
          ? "Input tokens, by part estimated"
          : "Bytes, because not every call reports tokens"}
      </span>
    </div>
  );
}
