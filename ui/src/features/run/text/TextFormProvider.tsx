import { type ReactNode, useMemo, useState } from "react";
import { TEXT_FORMS, type TextForm, TextFormContext, useTextForm } from "./textForm";

const KEY = "turnscope-text";

const stored = (): TextForm => TEXT_FORMS.find((one) => one === localStorage.getItem(KEY)) ?? "answers";

export function TextFormProvider({ children }: { readonly children: ReactNode }) {
  const [form, setForm] = useState(stored);
  const value = useMemo(
    () => ({
      form,
      setForm: (form: TextForm) => {
        localStorage.setItem(KEY, form);
        setForm(form);
      },
    }),
    [form],
  );
  return <TextFormContext value={value}>{children}</TextFormContext>;
}

const TITLES: Readonly<Record<TextForm, string>> = {
  answers: "Answers as Markdown",
  markdown: "All as Markdown",
  written: "All as written",
};

/** Which messages are drawn as Markdown. */
export function TextFormChoice() {
  const { form, setForm } = useTextForm();
  return (
    <select
      className="field min-w-0"
      aria-label="How text is shown"
      value={form}
      onChange={(event) => setForm(event.target.value as TextForm)}
    >
      {TEXT_FORMS.map((one) => (
        <option key={one} value={one}>
          {TITLES[one]}
        </option>
      ))}
    </select>
  );
}
