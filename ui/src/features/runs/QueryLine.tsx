import { Search, X } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { Problem } from "../../api/client";
import { around, completed, type Piece, pieceAt } from "../../lib/query";
import { visible } from "../../lib/text";
import { useCompletion } from "./useCompletion";

type Props = { query: string; error: Problem | null; onQuery: (query: string) => void };

/** The query line. Enter applies it; the arrow keys choose among the completions at the caret. */
export function QueryLine({ query, error, onQuery }: Props) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(query);
  const [piece, setPiece] = useState<Piece | null>(null);
  const [chosen, setChosen] = useState(-1);
  const offers = useCompletion(piece);
  useEffect(() => setText(query), [query]);

  const look = () => {
    const box = input.current;
    setPiece(box ? pieceAt(box.value, box.selectionStart ?? box.value.length) : null);
    setChosen(-1);
  };
  const take = (offer: string) => {
    if (!piece) return;
    const next = completed(text, piece, offer);
    // Synchronously: a caret set later would end up before what had been typed meanwhile.
    flushSync(() => setText(next.query));
    input.current?.setSelectionRange(next.caret, next.caret);
    // After a name, its values are offered. After a value, the term is complete.
    if (piece.kind === "name") look();
    else setPiece(null);
    if (piece.kind === "value") onQuery(next.query.trim());
  };
  const pressed = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && offers.length) {
      event.preventDefault();
      setChosen((chosen + step + offers.length + (chosen < 0 && step < 0 ? 1 : 0)) % offers.length);
    } else if (event.key === "Enter" || event.key === "Tab") {
      const offer = offers[chosen] ?? (event.key === "Tab" && piece?.prefix ? offers[0] : undefined);
      if (offer) {
        event.preventDefault();
        take(offer.write);
      } else if (event.key === "Enter") {
        setPiece(null);
        onQuery(text.trim());
      }
    } else if (event.key === "Escape") {
      if (piece && offers.length) setPiece(null);
      else input.current?.blur();
    }
  };

  const open = offers.length > 0;
  return (
    <div className="relative min-w-0 flex-1 max-sm:basis-full">
      <Search size={14} className="absolute top-2 left-2.5 text-muted" aria-hidden />
      <input
        ref={input}
        id="query"
        role="combobox"
        aria-label="Filter runs"
        aria-expanded={open}
        aria-controls={id}
        aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
        aria-invalid={error !== null}
        autoComplete="off"
        spellCheck={false}
        placeholder='Filter, such as agent:NAME cost>0.5 "some words"'
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          look();
        }}
        onFocus={look}
        onClick={look}
        onBlur={() => setPiece(null)}
        onKeyDown={pressed}
        className="field h-8 w-full pr-8 pl-8 font-mono text-[12.5px]"
      />
      {text && (
        <button
          type="button"
          aria-label="Clear the filter"
          onClick={() => {
            setText("");
            onQuery("");
          }}
          className="absolute top-1.5 right-1.5 rounded p-0.5 text-muted hover:bg-hover hover:text-text"
        >
          <X size={15} aria-hidden />
        </button>
      )}
      {open && (
        <div
          id={id}
          role="listbox"
          aria-label="Completions"
          className="absolute top-full z-30 mt-1 max-h-80 w-full max-w-md overflow-auto rounded-md border bg-raised py-1 shadow-lg"
        >
          {offers.map((offer, n) => (
            <div
              key={offer.text}
              id={`${id}-${n}`}
              role="option"
              aria-selected={n === chosen}
              onMouseDown={(event) => {
                event.preventDefault();
                take(offer.write);
              }}
              className="flex justify-between gap-4 px-3 py-0.5 hover:bg-hover aria-selected:bg-selected"
            >
              <span className="truncate font-mono text-[12.5px]">{visible(offer.text)}</span>
              <span className="shrink-0 text-muted">{offer.says}</span>
            </div>
          ))}
        </div>
      )}
      {error && <QueryError query={query} error={error} />}
    </div>
  );
}

/** What is wrong with the query, with a mark at the place. */
function QueryError({ query, error }: { query: string; error: Problem }) {
  const { position, length } = error;
  const [before, wrong, after] = around(query, position ?? 0, length ?? 0);
  return (
    <div role="alert" className="mt-1">
      <p className="text-error">{visible(error.message)}</p>
      {position !== undefined && (
        <p className="truncate font-mono text-[12.5px]">
          {visible(before.slice(-60))}
          <mark className="border-b-2 border-error bg-transparent text-error">
            {visible(wrong) || "\u00a0"}
          </mark>
          {visible(after)}
        </p>
      )}
      {error.detail && <p className="text-muted">{visible(error.detail)}</p>}
    </div>
  );
}
