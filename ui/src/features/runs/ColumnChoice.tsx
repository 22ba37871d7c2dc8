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
        <DropdownMenu.Content align="end" sideOffset={4} className="popover min-w-40 p-1">
          {columns.map(({ id, title }) => (
            <DropdownMenu.CheckboxItem
              key={id}
              checked={ids.includes(id)}
              onSelect={(event) => event.preventDefault()}
              onCheckedChange={(on) => onShow(on ? [...ids, id] : ids.filter((one) => one !== id))}
              className="menu-item py-0.5"
            >
              <span aria-hidden className="w-3">
                {ids.includes(id) ? "✓" : ""}
              </span>
              {title}
            </DropdownMenu.CheckboxItem>
          ))}
          <DropdownMenu.Separator className="my-1 border-t" />
          <DropdownMenu.Item onSelect={() => onShow(null)} className="menu-item py-0.5 pl-7">
            Default columns
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
