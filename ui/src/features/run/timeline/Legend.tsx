import { KindIcon, kindTitle } from "../../../components/KindIcon";
import { visible } from "../../../lib/text";
import type { Colours } from "./colouring";

/** The meaning of the colours and letters that occur. */
export function Legend({ colours }: { readonly colours: Colours }) {
  return (
    <ul
      className="flex shrink-0 flex-wrap gap-x-3 gap-y-1 border-line border-t px-3 py-1.5 text-muted text-xs"
      aria-label={`Colours by ${colours.by}`}
    >
      {colours.looks.map((look) => (
        <li key={look.name} className="flex items-center gap-1.5">
          <span
            aria-hidden
            className="flex h-3.5 min-w-3.5 items-center justify-center rounded-[3px] px-0.5 font-semibold text-[10px] text-(--on-bar) leading-none"
            style={{ background: look.colour }}
          >
            {look.letter}
          </span>
          {colours.by === "kind" && <KindIcon kind={look.name} size={13} />}
          {colours.by === "kind" ? kindTitle(look.name) : visible(look.name)}
        </li>
      ))}
    </ul>
  );
}
