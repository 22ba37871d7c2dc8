import type { ButtonHTMLAttributes } from "react";

type Look = "plain" | "quiet" | "primary" | "icon" | "small";

const looks: Record<Look, string> = {
  plain: "h-7 border border-line bg-raised px-2 hover:bg-hover",
  quiet: "h-7 px-2 text-muted hover:bg-hover hover:text-text",
  primary: "h-7 bg-accent px-2 text-bg hover:opacity-90",
  icon: "size-7 justify-center text-muted hover:bg-hover hover:text-text",
  small: "h-6 px-1.5 text-muted hover:bg-hover hover:text-text",
};

/** A button. `quiet` is for toolbars, `icon` for one that is only an icon, `small` for what stands within text. */
export function Button({
  look = "plain",
  className = "",
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { look?: Look }) {
  return (
    <button
      type="button"
      {...rest}
      className={`inline-flex items-center gap-1.5 rounded-md font-medium whitespace-nowrap disabled:opacity-50 ${looks[look]} ${className}`}
    />
  );
}
