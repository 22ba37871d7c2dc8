import { Check, Hand, X } from "lucide-react";
import type { Verdict } from "../../../api/types";
import { visible } from "../../../lib/text";
import { duration } from "../../../lib/time";

const LOOKS = {
  allow: { Icon: Check, word: "Allowed", tone: "text-ok" },
  deny: { Icon: X, word: "Denied", tone: "text-error" },
  hitl: { Icon: Hand, word: "Needs a person", tone: "text-warn" },
} as const;

/** The policy's verdict on a tool call, who decided, and why. */
export function VerdictLine({ verdict }: { readonly verdict: Verdict }) {
  const { Icon, word, tone } = LOOKS[verdict.verdict as keyof typeof LOOKS] ?? LOOKS.hitl;
  const facts = [
    verdict.resolution && visible(verdict.resolution),
    verdict.decided_by && `by ${visible(verdict.decided_by)}`,
    verdict.asked_at != null &&
      verdict.answered_at != null &&
      `after ${duration(verdict.answered_at - verdict.asked_at)}`,
    verdict.risk_tier && `${visible(verdict.risk_tier)} risk`,
  ].filter(Boolean);
  return (
    <p
      className="flex flex-wrap items-center gap-x-2 border-line border-t px-3 py-1.5 text-xs"
      data-verdict={verdict.verdict}
    >
      <span className={`inline-flex items-center gap-1 font-medium ${tone}`}>
        <Icon aria-hidden className="size-3.5" /> {word}
      </span>
      {facts.length > 0 && <span>{facts.join(" · ")}</span>}
      {verdict.question && <span className="min-w-0 break-words">{visible(verdict.question)}</span>}
      {verdict.answer && <span className="min-w-0 break-words text-muted">“{visible(verdict.answer)}”</span>}
      {verdict.reason && <span className="min-w-0 break-words text-muted">“{visible(verdict.reason)}”</span>}
    </p>
  );
}
