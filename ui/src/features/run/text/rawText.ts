import { createContext, useContext } from "react";

/** Whether messages are shown as sent instead of as Markdown. One choice for the whole page. */
export const RawText = createContext<{ readonly raw: boolean; readonly setRaw: (raw: boolean) => void }>({
  raw: false,
  setRaw: () => {},
});

export const useRawText = () => useContext(RawText);
