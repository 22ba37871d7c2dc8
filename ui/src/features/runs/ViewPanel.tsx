import { useNavigate } from "@tanstack/react-router";
import { Pencil, Trash2 } from "lucide-react";
import { Popover } from "radix-ui";
import { type FormEvent, type ReactElement, useState } from "react";
import { Button } from "../../components/Button";
import { CopyButton } from "../../components/CopyButton";
import {
  isSameSearch,
  keepViews,
  renamed,
  type SavedView,
  useSavedViews,
  without,
  withView,
} from "../../lib/savedViews";
import { visible } from "../../lib/text";
import { type View, writeView } from "./view";

type Props = { view: View; button: ReactElement; open: boolean; onOpen: (open: boolean) => void };

/** The saved views by name, and a form that saves the list as it is now. */
export function ViewPanel({ view, button, open, onOpen }: Props) {
  return (
    <Popover.Root open={open} onOpenChange={onOpen}>
      <Popover.Trigger asChild>{button}</Popover.Trigger>
      <Popover.Portal>
        <Popover.Content align="end" sideOffset={4} aria-label="Saved views" className="popover w-80 p-2">
          <Views view={view} close={() => onOpen(false)} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Views({ view, close }: { view: View; close: () => void }) {
  const views = useSavedViews();
  const navigate = useNavigate();
  const [gone, setGone] = useState<SavedView | null>(null);
  const [refused, setRefused] = useState("");
  const keep = (next: readonly SavedView[] | null) => {
    if (next === null) return setRefused("There is a view of this name already.");
    setRefused(keepViews(next) ? "" : "This browser keeps nothing: its storage is full or turned off.");
  };
  const show = ({ name, search }: SavedView) => {
    close();
    void navigate({ to: "/", search: { ...search, view: name } });
  };
  const current = writeView({ ...view, peek: null });
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    if (!name) return;
    const { view: _, ...search } = current;
    keep(withView(views, { name, search }));
    void navigate({ to: "/", search: { ...search, view: name }, replace: true });
  };
  const link = new URL(location.href);
  link.search = new URLSearchParams(current).toString();
  return (
    <div className="flex flex-col gap-2">
      {views.length > 0 && (
        <ul aria-label="Saved views" className="-mx-1 max-h-[50vh] overflow-auto">
          {views.map((one) => (
            <Row
              key={one.name}
              saved={one}
              isShown={one.name === view.name && isSameSearch(one.search, current)}
              onShow={() => show(one)}
              onName={(name) => {
                const next = renamed(views, one.name, name);
                keep(next);
                if (next && one.name === view.name)
                  void navigate({ to: "/", search: { ...current, view: name }, replace: true });
              }}
              onDelete={() => {
                setGone(one);
                keep(without(views, one.name));
              }}
            />
          ))}
        </ul>
      )}
      {gone && (
        <p role="status" className="flex items-center gap-2">
          <span className="min-w-0 truncate">{visible(gone.name)} was deleted.</span>
          <Button
            onClick={() => {
              keep(withView(views, gone));
              setGone(null);
            }}
          >
            Undo
          </Button>
        </p>
      )}
      <form onSubmit={save} className="flex gap-1" key={view.name}>
        <input
          name="name"
          aria-label="Name of the view"
          placeholder="Name of this view"
          defaultValue={view.name}
          maxLength={80}
          autoComplete="off"
          className="field min-w-0 flex-1"
        />
        <Button type="submit">Save</Button>
      </form>
      {refused && (
        <p role="alert" className="text-error">
          {refused}
        </p>
      )}
      <div className="flex items-center gap-2 text-xs text-muted">
        <CopyButton text={link.href} name="Copy link" />
        <span>Saved in this browser. A link carries the whole view.</span>
      </div>
    </div>
  );
}

interface RowProps {
  readonly saved: SavedView;
  readonly isShown: boolean;
  readonly onShow: () => void;
  readonly onName: (name: string) => void;
  readonly onDelete: () => void;
}

/** A saved view: chosen by its name, and renamed in place. */
function Row({ saved, isShown, onShow, onName, onDelete }: RowProps) {
  const [naming, setNaming] = useState(false);
  const name = visible(saved.name);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    if (typed) onName(typed);
    setNaming(false);
  };
  if (naming) {
    return (
      <li className="px-1 py-0.5">
        <form onSubmit={submit} className="flex gap-1">
          <input
            name="name"
            aria-label={`New name of ${name}`}
            defaultValue={saved.name}
            maxLength={80}
            // biome-ignore lint/a11y/noAutofocus: the person has just asked to type here
            autoFocus
            autoComplete="off"
            onKeyDown={(event) => {
              if (event.key !== "Escape") return;
              event.stopPropagation();
              setNaming(false);
            }}
            className="field min-w-0 flex-1"
          />
          <Button type="submit">Rename</Button>
        </form>
      </li>
    );
  }
  return (
    <li className="flex items-center">
      <button
        type="button"
        aria-current={isShown ? "true" : undefined}
        onClick={onShow}
        className="flex h-7 min-w-0 flex-1 items-center rounded-md px-1.5 text-left hover:bg-hover aria-[current=true]:font-semibold"
      >
        <span className="truncate">{name}</span>
      </button>
      <Button look="quiet" aria-label={`Rename ${name}`} title="Rename" onClick={() => setNaming(true)}>
        <Pencil size={13} aria-hidden />
      </Button>
      <Button look="quiet" aria-label={`Delete ${name}`} title="Delete" onClick={onDelete}>
        <Trash2 size={13} aria-hidden />
      </Button>
    </li>
  );
}
