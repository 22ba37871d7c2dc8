import { useQuery } from "@tanstack/react-query";
import { api, must } from "../../api/client";
import type { ValueCount } from "../../api/types";
import type { Piece } from "../../lib/query";
import { fieldOf, fields, words } from "./fields";

/** `text` is shown, `write` goes into the query. */
export type Completion = { text: string; says: string; write: string };

/** Completions at the caret: names from the language, values from the server. */
export function useCompletion(piece: Piece | null): Completion[] {
  const field = piece?.kind === "value" ? fieldOf(piece.name) : undefined;
  const prefix = piece?.prefix ?? "";
  const values = useQuery({
    queryKey: ["values", field?.ask, prefix],
    enabled: field?.ask !== undefined,
    queryFn: async () => {
      const query = { field: field?.ask ?? "", prefix, limit: 12 };
      return must(await api.GET("/v1/values", { params: { query } })).values;
    },
    // Until the answer arrives, offer the earlier values that still fit. Tab must never insert something that does not match.
    placeholderData: (before, asked) =>
      asked?.queryKey[1] === field?.ask ? before?.filter(({ value }) => fits(value, prefix)) : undefined,
  });
  if (!piece) return [];
  if (piece.kind === "name") {
    const offered = [...fields, ...words].filter(({ name }) => fits(name, prefix));
    return offered.map(({ write, says }) => ({ text: write, says, write }));
  }
  if (field?.values) {
    return field.values
      .filter((value) => fits(value, prefix))
      .map((text) => ({ text, says: "", write: text }));
  }
  const runs = (n: number) => `${n} ${n === 1 ? "run" : "runs"}`;
  const offer = ({ value, quoted, runs: n }: ValueCount) => ({
    text: value,
    says: runs(n),
    write: quoted,
  });
  return field?.ask ? (values.data ?? []).map(offer) : [];
}

/** Compares as the server does: by prefix, ignoring case. */
function fits(value: string, prefix: string): boolean {
  return value.toLowerCase().startsWith(prefix.toLowerCase());
}
