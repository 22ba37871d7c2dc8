import { Columns3 } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { Button } from "../../components/Button";
import { chosen, columns } from "./columns";

type Props = { shown: string[] | null; onShow: (columns: string[] | null) => void };

/** Which columns are shown. */
export function ColumnMenu({ shown, onShow }: Props) {
  const ids = chosen(shown).map(({ id }) => id);
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <Button className="h-8 max-sm:hidden" aria-label="Columns" title="Columns">
          <Columns3 size={15} aria-hidden />
        </Button>
      </DropdownMenu.Trigger>
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
            Usual columns
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
