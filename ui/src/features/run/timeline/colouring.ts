import { kindColour, stateColour } from "../../../lib/colours";
import { NONE, type Skeleton, VERDICTS } from "../data/skeleton";

export const COLOUR_BY = ["kind", "verdict", "service"] as const;
export type ColourBy = (typeof COLOUR_BY)[number];

/** How bars are distinguished: by a theme colour and a letter or an icon, so that it never depends on colour alone. */
export interface Colours {
  readonly by: ColourBy;
  readonly of: (step: number) => Look;
  /** The appearances that occur, for the legend. */
  readonly looks: readonly Look[];
}

export interface Look {
  readonly name: string;
  readonly letter: string;
  /** A CSS colour. */
  readonly colour: string;
}

/** Distinct theme colours for values that are not known in advance. */
const HUES = 8;

export function colouring(skeleton: Skeleton, by: ColourBy): Colours {
  const values = valuesOf(skeleton, by);
  const looks = values.names.map((name, at): Look => ({ name, ...lookOf(by, name, at) }));
  const none: Look = { name: "none", letter: "", colour: "var(--text-muted)" };
  const used = new Set<number>();
  for (let step = 0; step < skeleton.length; step++) used.add(values.of[step] as number);
  return {
    by,
    of: (step) => looks[values.of[step] as number] ?? none,
    looks: looks.filter((_, at) => used.has(at)),
  };
}

function valuesOf(skeleton: Skeleton, by: ColourBy): { names: readonly string[]; of: ArrayLike<number> } {
  if (by === "kind") return { names: skeleton.kinds, of: skeleton.kind };
  if (by === "service") return { names: skeleton.services, of: skeleton.service };
  return { names: VERDICTS.map((verdict) => verdict ?? "no verdict"), of: skeleton.verdict };
}

function lookOf(by: ColourBy, name: string, at: number): Omit<Look, "name"> {
  // The row of a step shows the icon of its kind.
  if (by === "kind") return { letter: "", colour: kindColour(name) };
  if (by === "verdict")
    return { letter: at === NONE + 1 ? "" : name.charAt(0).toUpperCase(), colour: stateColour(name) };
  return { letter: String(at + 1), colour: `var(--hue-${(at % HUES) + 1})` };
}
