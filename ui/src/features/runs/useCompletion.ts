import { useQuery } from "@tanstack/react-query";
import { api, must } from "../../api/client";
import { fieldOf, fields } from "./fields";
import type { Piece } from "./query";

export type Completion = { text: string; says: string };

/** What could stand at the caret: names from the language, values from the server. */
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
    placeholderData: (before) => before,
  });
  if (!piece) return [];
  if (piece.kind === "name") {
    return fields
      .filter(({ name }) => name.startsWith(prefix.toLowerCase()))
      .map(({ write, says }) => ({ text: write, says }));
  }
  if (field?.values) {
    return field.values.filter((value) => value.startsWith(prefix)).map((text) => ({ text, says: "" }));
  }
  const runs = (n: number) => `${n} ${n === 1 ? "run" : "runs"}`;
  return field?.ask ? (values.data ?? []).map(({ value, runs: n }) => ({ text: value, says: runs(n) })) : [];
}
