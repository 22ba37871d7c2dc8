import { useQuery } from "@tanstack/react-query";
import { api, must } from "../../api/client";
import { barsOf, bucketWidth } from "./buckets";
import { beginOf, filterOf, type View } from "./view";

/** The runs that match the filters, counted over the period they span. */
export function useHistogram(view: View) {
  const filter = filterOf(view);
  return useQuery({
    queryKey: ["runs", "histogram", filter],
    staleTime: 30_000,
    placeholderData: (before) => before,
    queryFn: async () => {
      const to = view.before ?? Date.now();
      const oldest = async () => {
        const query = { ...filter, order: "started_at", limit: 1 };
        return must(await api.GET("/v1/runs", { params: { query } })).runs[0]?.started_at ?? to;
      };
      const from = beginOf(view, to) ?? (await oldest());
      const width = bucketWidth(from, to);
      const query = { ...filter, bucket: String(width) };
      const stats = must(await api.GET("/v1/stats", { params: { query } }));
      return {
        bars: barsOf(stats.groups, from, to, width),
        width,
        runs: stats.runs,
        failed: stats.failed_runs,
      };
    },
  });
}
