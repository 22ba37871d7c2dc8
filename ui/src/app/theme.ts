/** Light or dark: follows the system unless the user chose. */
const themes = ["", "light", "dark"];

const stored = () => localStorage.getItem("turnscope-theme") ?? "";

function apply(theme: string): void {
  if (theme) document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
}

export function startTheme(): void {
  apply(stored());
}

export function nextTheme(): void {
  const next = themes[(themes.indexOf(stored()) + 1) % themes.length] ?? "";
  localStorage.setItem("turnscope-theme", next);
  apply(next);
}
