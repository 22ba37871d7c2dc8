import { useQuery } from "@tanstack/react-query";
import { api, must } from "../../api/client";
import { fieldOf, fields } from "./fields";
import type { Piece } from "./query";

export type Completion = { text: string; says: string };

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
    return fields.filter(({ name }) => fits(name, prefix)).map(({ write, says }) => ({ text: write, says }));
  }
  if (field?.values) {
    return field.values.filter((value) => fits(value, prefix)).map((text) => ({ text, says: "" }));
  }
  const runs = (n: number) => `${n} ${n === 1 ? "run" : "runs"}`;
  return field?.ask ? (values.data ?? []).map(({ value, runs: n }) => ({ text: value, says: runs(n) })) : [];
}

/** Compares as the server does: by prefix, ignoring case. */
function fits(value: string, prefix: string): boolean {
  return value.toLowerCase().startsWith(prefix.toLowerCase());
}
