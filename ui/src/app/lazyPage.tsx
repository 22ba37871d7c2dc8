import { type FunctionComponent, useEffect, useState } from "react";
import { ErrorPanel } from "../components/ErrorPanel";

/** How long to wait, in milliseconds, before a script that could not be loaded is asked for again. */
const AGAIN_MS = 3000;

/**
 * A page whose script loads when it is first opened. While the server cannot be reached, the tab stays as it is, says so, and goes on
 * by itself: a reload would leave the browser's own error page.
 */
export function lazyPage(
  load: () => Promise<FunctionComponent>,
): FunctionComponent & { preload: () => Promise<void> } {
  let loaded: FunctionComponent | undefined;
  const fetch = async () => {
    loaded ??= await load();
  };
  function LazyPage() {
    const [Page, setPage] = useState(() => loaded);
    const [error, setError] = useState<unknown>(null);
    const [tries, setTries] = useState(0);
    useEffect(() => {
      if (Page) return;
      let timer: ReturnType<typeof setTimeout> | undefined;
      let gone = false;
      fetch().then(
        () => !gone && setPage(() => loaded),
        (error: unknown) => {
          if (gone) return;
          setError(error);
          timer = setTimeout(() => setTries(tries + 1), AGAIN_MS);
        },
      );
      return () => {
        gone = true;
        clearTimeout(timer);
      };
    }, [Page, tries]);
    if (Page) return <Page />;
    return error === null ? null : (
      <ErrorPanel what="This page" error={error} retry={() => setTries(tries + 1)} />
    );
  }
  // The router waits for this before it shows the page. A failure is told by the page.
  return Object.assign(LazyPage, { preload: () => fetch().catch(() => undefined) });
}
