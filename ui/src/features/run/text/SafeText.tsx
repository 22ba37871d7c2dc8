import { pieces } from "../data/safeText";

/** Text of telemetry: shown as text, with hidden and reordering characters made visible. */
export function SafeText({ children }: { readonly children: string }) {
  return (
    <bdi>
      {pieces(children).map((piece, at) =>
        "text" in piece ? (
          piece.text
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other identity
          <Control key={at} name={piece.name} />
        ),
      )}
    </bdi>
  );
}

function Control({ name }: { readonly name: string }) {
  return (
    <span
      className="mx-px rounded-xs bg-warn/10 px-0.5 font-mono text-[0.8em] text-warn"
      title={`A hidden character (${name}) stands here`}
    >
      {name}
    </span>
  );
}
