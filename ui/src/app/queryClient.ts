import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { Problem } from "../api/client";

/** The query key under which the cache holds whether the server asked for an API key. */
export const signedOut = ["signed-out"];

/** Any request refused for a missing API key leads to the sign-in. */
const onError = (error: Error) => {
  if (error instanceof Problem && error.status === 401) queryClient.setQueryData(signedOut, true);
};

/** Holds the server's data. What is shown of it is in the URL. */
export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      networkMode: "always", // the server is on this machine or nearby, so the browser's offline state means nothing
      // A refused request would be refused again. Only a failed connection is retried, once.
      retry: (failures, error) => failures < 1 && !(error instanceof Problem),
    },
  },
});
