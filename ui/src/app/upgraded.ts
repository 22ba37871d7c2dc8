/** What to do when a script of this page is gone. */
import { apiPath } from "../api/base";

/** A tab reloads at most once in this time, in milliseconds, so that it cannot loop. */
const ONCE_IN = 60_000;
const KEY = "reloaded";

/** Reloads the page if the server answers: then it was upgraded while this tab was open, and has other scripts now. */
export async function reloadIfUpgraded(): Promise<void> {
  const isUp = await fetch(apiPath("/health"), { cache: "no-store" }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (!isUp || Date.now() - Number(sessionStorage.getItem(KEY) ?? 0) < ONCE_IN) return;
  sessionStorage.setItem(KEY, String(Date.now()));
  window.location.reload();
}
