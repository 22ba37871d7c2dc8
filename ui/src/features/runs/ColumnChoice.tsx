import { DropdownMenu } from "radix-ui";
import type { ReactElement } from "react";
import { chosen, columns } from "./columns";

export type Choice = { shown: string[] | null; onShow: (columns: string[] | null) => void };

/** The menu of columns, open as soon as it has loaded. */
export function ColumnChoice({ shown, onShow, button }: Choice & { button: ReactElement }) {
  const ids = chosen(shown).map(({ id }) => id);
  return (
    <DropdownMenu.Root modal={false} defaultOpen>
      <DropdownMenu.Trigger asChild>{button}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={4}
          className="z-30 min-w-40 rounded-md border bg-raised py-1 shadow-lg"
        >
          {columns.map(({ id, title }) => (
            <DropdownMenu.CheckboxItem
              key={id}
              checked={ids.includes(id)}
              onSelect={(event) => event.preventDefault()}
              onCheckedChange={(on) => onShow(on ? [...ids, id] : ids.filter((one) => one !== id))}
              className="flex cursor-default items-center gap-2 px-3 py-0.5 outline-none data-highlighted:bg-hover"
            >
              <span aria-hidden className="w-3">
                {ids.includes(id) ? "✓" : ""}
              </span>
              {title}
            </DropdownMenu.CheckboxItem>
          ))}
          <DropdownMenu.Separator className="my-1 border-t" />
          <DropdownMenu.Item
            onSelect={() => onShow(null)}
            className="cursor-default px-3 py-0.5 pl-8 outline-none data-highlighted:bg-hover"
          >
            Default columns
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
