/** What the runs page shows, as encoded in its URL. Pure; `useView` connects it to the router. */
import { lengthOf } from "../../lib/ranges";

export const orders = [
  "-started_at",
  "started_at",
  "-duration",
  "duration",
  "-cost",
  "cost",
  "-tokens",
  "tokens",
] as const;
export type Order = (typeof orders)[number];

export type View = {
  /** The query line. */
  q: string;
  /** From and to, milliseconds since the epoch. */
  after: number | null;
  before: number | null;
  /** Instead of these: how far back from now, such as `24h`. A view that is saved or shared moves on with the time. */
  last: string | null;
  order: Order;
  /** Include child runs. */
  children: boolean;
  /** The run shown beside the list. */
  peek: string | null;
  /** Shown columns; null is the default choice. */
  columns: string[] | null;
  /** What the view is called, where it was saved or shared under a name. */
  name: string;
};

/** When the view begins, milliseconds since the epoch. */
export const beginOf = (view: View, now: number): number | null =>
  view.last === null ? view.after : now - (lengthOf(view.last) ?? 0);

/** Whether the view leaves runs out because of their time. */
export const isInTime = ({ after, before, last }: View): boolean =>
  after !== null || before !== null || last !== null;

const whole = (value: unknown): number | null => {
  const number = value === "" || value === undefined ? Number.NaN : Number(value);
  return Number.isSafeInteger(number) && number > 0 ? number : null;
};

export function readView(search: Record<string, unknown>): View {
  const text = (value: unknown) =>
    typeof value === "string" || typeof value === "number" ? String(value) : "";
  const last = lengthOf(text(search["last"])) === null ? null : text(search["last"]);
  return {
    q: text(search["q"]),
    after: last === null ? whole(search["after"]) : null,
    before: last === null ? whole(search["before"]) : null,
    last,
    order: orders.find((order) => order === search["order"]) ?? "-started_at",
    children: String(search["children"]) === "true",
    peek: text(search["peek"]) || null,
    columns: text(search["columns"]) ? text(search["columns"]).split(".") : null,
    name: text(search["view"]),
  };
}

/** The URL has only what differs from the default. */
export function writeView(view: View): Record<string, string> {
  return {
    ...(view.q && { q: view.q }),
    ...(view.after && { after: String(view.after) }),
    ...(view.before && { before: String(view.before) }),
    ...(view.last && { last: view.last }),
    ...(view.order !== "-started_at" && { order: view.order }),
    ...(view.children && { children: "true" }),
    ...(view.columns && { columns: view.columns.join(".") }),
    ...(view.peek && { peek: view.peek }),
    ...(view.name && { view: view.name }),
  };
}

/** The zone in which the page shows times, so that a date in the query is the day that one sees. */
function zone(): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return timeZone && timeZone !== "Etc/Unknown" ? timeZone : "UTC";
}

/** The view as filters of `GET /v1/runs` and `/v1/stats`. */
export function filterOf(view: View) {
  return {
    ...(view.q && { q: view.q, tz: zone() }),
    ...(view.after && { started_after: String(view.after) }),
    ...(view.last && { started_after: `-${view.last}` }),
    ...(view.before && { started_before: String(view.before) }),
    ...(!view.children && { roots_only: true }),
  };
}
