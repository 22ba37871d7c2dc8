/** Times and durations as a person reads them. Times are milliseconds since the epoch, durations milliseconds. */

/** `412 ms`, `3.2 s`, `2 m 05 s`, `1 h 12 m`. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1) return `${(ms * 1000).toFixed(0)} µs`;
  if (ms < 999.5) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
  const s = ms / 1000;
  if (s < 59.95) return `${s.toFixed(s < 10 ? 2 : 1)} s`;
  const whole = Math.round(s);
  const [m, rest] = [Math.floor(whole / 60), whole % 60];
  if (m < 60) return `${m} m ${String(rest).padStart(2, "0")} s`;
  return `${Math.floor(m / 60)} h ${String(m % 60).padStart(2, "0")} m`;
}

/** `14:03:22` today, `18 Nov 14:03` this year, `18 Nov 2025` before; in the viewer's zone. */
export function clock(at: number, now: number): string {
  const [date, today] = [new Date(at), new Date(now)];
  const time = date.toLocaleTimeString(undefined, { hourCycle: "h23", timeStyle: "medium" });
  if (date.toDateString() === today.toDateString()) return time;
  const day = date.toLocaleDateString(undefined, { day: "numeric", month: "short" });
  if (date.getFullYear() === today.getFullYear()) return `${day} ${time.slice(0, 5)}`;
  return `${day} ${date.getFullYear()}`;
}

/** `12 s ago`, `5 m ago`, `3 h ago`, `2 d ago`. */
export function ago(at: number, now: number): string {
  const s = Math.max(0, Math.round((now - at) / 1000));
  if (s < 60) return `${s} s ago`;
  if (s < 3600) return `${Math.floor(s / 60)} m ago`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ago`;
  return `${Math.floor(s / 86_400)} d ago`;
}

/** The exact value, for hovering: in the viewer's zone with its offset, to the millisecond. */
export function exact(at: number): string {
  const date = new Date(at);
  const shifted = new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, -1);
  const offset = -date.getTimezoneOffset();
  const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, "0");
  return `${shifted.replace("T", " ")} ${offset < 0 ? "-" : "+"}${hours}:${String(Math.abs(offset) % 60).padStart(2, "0")}`;
}
