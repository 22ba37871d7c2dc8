import { type ReactNode, useMemo, useState } from "react";
import { RawText } from "./rawText";

export function RawTextProvider({ children }: { readonly children: ReactNode }) {
  const [raw, setRaw] = useState(false);
  const value = useMemo(() => ({ raw, setRaw }), [raw]);
  return <RawText value={value}>{children}</RawText>;
}
