/** The list of runs as it was last seen, for the way back to it. */
let last: Record<string, unknown> = {};

export function keepView(search: Record<string, unknown>): void {
  const { peek: _, ...rest } = search;
  last = rest;
}

export const lastView = (): Record<string, unknown> => last;
