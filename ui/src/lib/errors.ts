/** An agent's errors in words. */
import { visible } from "./text";

export interface ErrorWords {
  readonly type: string;
  readonly message?: string | null;
}

/** What OpenTelemetry writes for an error whose class is unknown. */
const UNNAMED = "_OTHER";

/** Its class, in words where the telemetry only says that something failed. */
export const errorTitle = ({ type }: ErrorWords): string => (type === UNNAMED ? "Failed" : visible(type));

/** Its class and message in one line. A message that names the class says it only once. */
export function errorLine(error: ErrorWords): string {
  const { type, message } = error;
  if (!message) return errorTitle(error);
  return visible(type === UNNAMED || message.includes(type) ? message : `${type}: ${message}`);
}

/** Whether two errors say the same: a tool's error is repeated by its turn, its run, and whatever called it. */
export function isSameError(a: ErrorWords | null | undefined, b: ErrorWords | null | undefined): boolean {
  if (!a || !b) return false;
  const [one, other] = [a.message || a.type, b.message || b.type];
  return one.includes(other) || other.includes(one);
}
