import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { Problem } from "../api/client";

/** Under this key stands whether the server asked for a key. */
export const signedOut = ["signed-out"];

/** Whatever is refused for want of a key leads to the sign-in. */
const onError = (error: Error) => {
  if (error instanceof Problem && error.status === 401) queryClient.setQueryData(signedOut, true);
};

/** Server data lives here; what is shown of it lives in the URL. */
export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      networkMode: "always", // the server is on this machine or near: being offline says nothing about it
      // What the server refused will be refused again; only a failed connection is tried once more.
      retry: (failures, error) => failures < 1 && !(error instanceof Problem),
    },
  },
});
