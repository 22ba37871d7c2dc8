import { QueryClient } from "@tanstack/react-query";
import { Problem } from "../api/client";

/** Server data lives here; what is shown of it lives in the URL. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      // What the server refused will be refused again; only a failed connection is tried once more.
      retry: (failures, error) => failures < 1 && !(error instanceof Problem),
    },
  },
});
