import { createContext, useContext } from "react";

/** How messages are drawn: the model's as Markdown and those of others as they were written, all as Markdown, or all as written. */
export const TEXT_FORMS = ["answers", "markdown", "written"] as const;
export type TextForm = (typeof TEXT_FORMS)[number];

interface Choice {
  readonly form: TextForm;
  readonly setForm: (form: TextForm) => void;
}

/** One choice for the whole page, which the browser remembers. */
export const TextFormContext = createContext<Choice>({ form: "answers", setForm: () => {} });
export const useTextForm = () => useContext(TextFormContext);
