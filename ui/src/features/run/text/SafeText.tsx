import { pieces } from "../../../lib/text";

/** Text from telemetry, with invisible and reordering characters made visible. */
export function SafeText({ children }: { readonly children: string }) {
  return (
    <bdi>
      {pieces(children).map((piece, at) =>
        "text" in piece ? (
          piece.text
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other identity
          <Unseen key={at} name={piece.unseen} />
        ),
      )}
    </bdi>
  );
}

function Unseen({ name }: { readonly name: string }) {
  return (
    <span
      className="mx-px rounded-xs bg-warn/10 px-0.5 font-mono text-[0.8em] text-warn"
      title={`Invisible character ${name}`}
    >
      {name}
    </span>
  );
}
