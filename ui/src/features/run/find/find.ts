/** What is found in a run, and where its text stands on the page. Pure. */
import type { Hit as FoundHit, RunDetail } from "../../../api/types";
import type { Shape } from "../model";

type Hit = Pick<FoundHit, "places">;

/** The filter that asks for this run and its sub-agents. Null if nothing names them. */
export function filterOf(run: Pick<RunDetail, "trace_ids" | "native_run_id">): string | null {
  if (run.trace_ids.length > 0) return run.trace_ids.map((id) => `trace_id:${id}`).join(" OR ");
  return run.native_run_id ? `native_run_id:"${run.native_run_id.replaceAll('"', '""')}"` : null;
}

/** The pieces of text that are searched for, as the server takes them: words, and phrases in quotes. */
export const needlesOf = (query: string): string[] =>
  [...query.matchAll(/"([^"]+)"?|\S+/g)]
    .map(([word, phrase]) => (phrase ?? word).trim().toLowerCase())
    .filter((needle) => needle !== "");

/** The steps in which something was found, in the order of the run: by their text, or by their name. */
export function foundSteps({ skeleton, at }: Shape, query: string, hits: readonly Hit[]): string[] {
  const found = new Set<number>();
  for (const place of hits.flatMap((hit) => hit.places)) found.add(at(place.step_id));
  const needles = needlesOf(query);
  const named = skeleton.names.map((name) => {
    const lower = name.toLowerCase();
    return needles.length > 0 && needles.every((needle) => lower.includes(needle));
  });
  for (let step = 0; step < skeleton.length; step++)
    if (named[skeleton.name[step] as number]) found.add(step);
  return [...found]
    .filter((step) => step >= 0)
    .sort((a, b) => a - b)
    .map((step) => skeleton.stepId[step] as string);
}

/** The most places that are marked on a page. */
const MARKED = 2000;

/** Where the needles stand in the text of some elements. */
export function rangesIn(elements: readonly Element[], needles: readonly string[]): Range[] {
  const ranges: Range[] = [];
  for (const element of elements) {
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const text = (node.nodeValue ?? "").toLowerCase();
      for (const needle of needles) {
        for (let from = text.indexOf(needle); from >= 0; from = text.indexOf(needle, from + needle.length)) {
          if (from + needle.length > (node.nodeValue ?? "").length) break;
          const range = document.createRange();
          range.setStart(node, from);
          range.setEnd(node, from + needle.length);
          if (ranges.push(range) >= MARKED) return ranges;
        }
      }
    }
  }
  return ranges;
}
