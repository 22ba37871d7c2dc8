import { Check, Hand, X } from "lucide-react";

const MARKS = {
  allow: { Icon: Check, tone: "text-ok", title: "allowed" },
  deny: { Icon: X, tone: "text-error", title: "denied" },
  hitl: { Icon: Hand, tone: "text-warn", title: "a person was asked" },
} as const;

/** A verdict as a small mark: a shape and a colour. */
export function VerdictMark({ verdict }: { readonly verdict: keyof typeof MARKS | null }) {
  if (verdict === null) return null;
  const { Icon, tone, title } = MARKS[verdict];
  return (
    <span role="img" aria-label={title} title={title} className={`inline-flex shrink-0 ${tone}`}>
      <Icon aria-hidden className="size-3.5" />
    </span>
  );
}
