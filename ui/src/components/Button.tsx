import type { ButtonHTMLAttributes } from "react";

type Look = "plain" | "quiet" | "primary";

const looks: Record<Look, string> = {
  plain: "border border-line bg-raised hover:bg-hover",
  quiet: "text-muted hover:bg-hover hover:text-text",
  primary: "bg-accent text-bg hover:opacity-90",
};

/** A button. `quiet` is for toolbars. */
export function Button({
  look = "plain",
  className = "",
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { look?: Look }) {
  return (
    <button
      type="button"
      {...rest}
      className={`inline-flex h-7 items-center gap-1.5 rounded-md px-2 font-medium whitespace-nowrap disabled:opacity-50 ${looks[look]} ${className}`}
    />
  );
}
