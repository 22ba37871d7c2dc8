import type { RunContext } from "../../../api/types";
import { bytes, count, plural, usd } from "../../../lib/numbers";
import { visible } from "../../../lib/text";
import { useRunModel } from "../model";
import { segmentLook } from "./looks";

/** What the run's calls were sent, by what it took over all calls that carried it. */
export function CarriedMessages({ context }: { readonly context: RunContext }) {
  const { select } = useRunModel();
  const { messages, message_count: all } = context;
  const most = Math.max(1, messages[0]?.tokens ?? 0);
  if (messages.length === 0) return null;
  return (
    <section aria-labelledby="carried" className="border-line border-t px-4 py-3">
      <h2 id="carried" className="detail-heading">
        What the tokens went into
      </h2>
      <p className="mb-2 text-muted text-xs">
        Each message is paid for in every call that carries it.
        {all > messages.length && ` The first ${messages.length} of ${plural(all, "message")}.`}
      </p>
      <ol className="divide-y divide-line text-xs">
        {messages.map((message, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: one call may be sent several messages
          <li key={at}>
            <button
              type="button"
              className="grid w-full grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 py-1.5 text-left hover:bg-hover"
              title={`${bytes(message.bytes)}, first sent in ${message.turn == null ? "a call" : `turn ${message.turn}`}: open that call`}
              onClick={() => select(message.step_id)}
            >
              <span className="flex min-w-0 items-center gap-2">
                <span
                  aria-hidden
                  className={`h-3 w-1.5 shrink-0 rounded-[2px] ${segmentLook(message.what).className}`}
                />
                <span className="w-24 shrink-0 text-muted max-sm:hidden">
                  {segmentLook(message.what).title}
                </span>
                <span className="truncate">{visible(message.preview) || "empty"}</span>
              </span>
              <span className="flex items-center gap-3 text-muted tabular-nums">
                <span className="w-24 text-right max-sm:w-auto">
                  {message.turn != null && `turn ${message.turn} · `}
                  {message.calls}×
                </span>
                <span className="relative w-20 text-right text-text">
                  <span
                    aria-hidden
                    className="heat absolute inset-y-0 right-0"
                    style={{ width: `${((message.tokens ?? 0) / most) * 100}%` }}
                  />
                  <span className="relative px-1">
                    {message.tokens == null
                      ? bytes(message.bytes * message.calls)
                      : `${count(message.tokens)} tok`}
                  </span>
                </span>
                <span className="min-w-16 whitespace-nowrap text-right">
                  {message.cost_usd == null ? "" : usd(message.cost_usd)}
                </span>
              </span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
