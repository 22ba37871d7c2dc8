import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { api, must } from "../../api/client";
import { ErrorPanel } from "../../components/ErrorPanel";

/** Search in messages, tool arguments and results, and errors. */
export function SearchPage() {
  const navigate = useNavigate();
  const { q } = useSearch({ from: "/search" });
  const words = typeof q === "string" ? q : "";
  const hits = useQuery({
    queryKey: ["search", words],
    enabled: words !== "",
    queryFn: async () => must(await api.GET("/v1/search", { params: { query: { q: words } } })),
  });
  return (
    <div className="p-4">
      <input
        aria-label="Search"
        type="search"
        value={words}
        onChange={(event) => navigate({ to: "/search", search: { q: event.target.value }, replace: true })}
        className="h-8 w-full max-w-xl rounded-md border bg-bg px-2"
      />
      {hits.isError && <ErrorPanel what="The search" error={hits.error} retry={() => hits.refetch()} />}
      <p className="mt-2 text-muted">{hits.data && `${hits.data.hits.length} hits`}</p>
    </div>
  );
}
