import { Check, Copy } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import { Button } from "../../../components/Button";

interface CopyMenuProps {
  readonly what: string;
  readonly items: readonly (readonly [title: string, text: () => Promise<string> | string])[];
}

/** A menu of the forms in which something can be copied. Confirms the copy. */
export function CopyMenu({ what, items }: CopyMenuProps) {
  const [state, setState] = useState<"idle" | "copied" | "not copied">("idle");
  const copy = async (text: () => Promise<string> | string) => {
    try {
      await navigator.clipboard.writeText(await text());
      setState("copied");
    } catch {
      // No permission, no secure origin, or no answer from the server: nothing was copied.
      setState("not copied");
    }
    setTimeout(() => setState("idle"), 2000);
  };
  // Not modal: a modal menu locks scrolling with an inline style, which the content security policy forbids.
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <Button look="icon" aria-label={`Copy this ${what}`} title="Copy">
          {state === "copied" ? (
            <Check aria-hidden className="size-4 text-ok" />
          ) : (
            <Copy aria-hidden className="size-4" />
          )}
        </Button>
      </DropdownMenu.Trigger>
      <span className={state === "not copied" ? "text-error text-xs" : "sr-only"} role="status">
        {state === "idle" ? "" : state}
      </span>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="popover min-w-40 p-1" align="end" sideOffset={6}>
          {items.map(([title, text]) => (
            <DropdownMenu.Item key={title} className="menu-item" onSelect={() => void copy(text)}>
              Copy {title}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
