import { useRawText } from "./rawText";

/** Switches between rendered messages and messages exactly as sent. */
export function RawToggle() {
  const { raw, setRaw } = useRawText();
  return (
    <label className="flex items-center gap-1.5 text-muted text-xs">
      <input type="checkbox" checked={raw} onChange={(event) => setRaw(event.target.checked)} />
      As sent
    </label>
  );
}
