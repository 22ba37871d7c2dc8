/** What the runs page shows, as encoded in its URL. Pure; `useView` connects it to the router. */

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
  order: Order;
  /** Include child runs. */
  children: boolean;
  /** The run shown beside the list. */
  peek: string | null;
  /** Shown columns; null is the default choice. */
  columns: string[] | null;
};

const whole = (value: unknown): number | null => {
  const number = value === "" || value === undefined ? Number.NaN : Number(value);
  return Number.isSafeInteger(number) && number > 0 ? number : null;
};

export function readView(search: Record<string, unknown>): View {
  const text = (value: unknown) =>
    typeof value === "string" || typeof value === "number" ? String(value) : "";
  return {
    q: text(search["q"]),
    after: whole(search["after"]),
    before: whole(search["before"]),
    order: orders.find((order) => order === search["order"]) ?? "-started_at",
    children: String(search["children"]) === "true",
    peek: text(search["peek"]) || null,
    columns: text(search["columns"]) ? text(search["columns"]).split(".") : null,
  };
}

/** The URL has only what differs from the default. */
export function writeView(view: View): Record<string, unknown> {
  return {
    ...(view.q && { q: view.q }),
    ...(view.after && { after: view.after }),
    ...(view.before && { before: view.before }),
    ...(view.order !== "-started_at" && { order: view.order }),
    ...(view.children && { children: true }),
    ...(view.columns && { columns: view.columns.join(".") }),
    ...(view.peek && { peek: view.peek }),
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
    ...(view.before && { started_before: String(view.before) }),
    ...(!view.children && { roots_only: true }),
  };
}
