/** Formats times and durations for people. Times are milliseconds since the epoch, durations milliseconds. */

/** `412 ms`, `3.2 s`, `2 m 05 s`, `1 h 12 m`. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1) return `${(ms * 1000).toFixed(0)} µs`;
  if (ms < 999.5) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
  const s = ms / 1000;
  if (s < 59.95) return `${s.toFixed(s < 10 ? 2 : 1)} s`;
  const whole = Math.round(s);
  const [m, rest] = [Math.floor(whole / 60), whole % 60];
  if (m < 60) return `${m} m ${two(rest)} s`;
  return `${Math.floor(m / 60)} h ${two(m % 60)} m`;
}

/** `14:03:22` today, `18 Nov 14:03` this year, `18 Nov 2025` before; in the viewer's zone. */
export function clock(at: number, now: number): string {
  const [date, today] = [new Date(at), new Date(now)];
  const time = timeOfDay(date);
  if (date.toDateString() === today.toDateString()) return time;
  if (date.getFullYear() === today.getFullYear()) return `${dayMonth(date)} ${time.slice(0, 5)}`;
  return `${dayMonth(date)} ${date.getFullYear()}`;
}

/** `14:03:22`. */
export const timeOfDay = (date: Date): string =>
  [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");

/** `18 Nov`, in the viewer's language. */
export function dayMonth(date: Date): string {
  dayMonthFormat ??= new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
  return dayMonthFormat.format(date);
}

/** Created once, when first needed: creating a format costs more than drawing a row. */
let dayMonthFormat: Intl.DateTimeFormat | undefined;

const two = (n: number): string => String(n).padStart(2, "0");

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
  const hours = two(Math.floor(Math.abs(offset) / 60));
  return `${shifted.replace("T", " ")} ${offset < 0 ? "-" : "+"}${hours}:${two(Math.abs(offset) % 60)}`;
}
