import { MessageSquarePlus } from "lucide-react";
import { Popover } from "radix-ui";
import { type FormEvent, useState } from "react";
import { Button } from "../../../components/Button";
import { useRunWrites } from "./scores";

interface ScoreFormProps {
  readonly runId: string;
  readonly stepId: string | null;
}

/** A score with a name, a number or a label, and a comment. */
export function ScoreForm({ runId, stepId }: ScoreFormProps) {
  const [open, setOpen] = useState(false);
  const { add } = useRunWrites(runId, stepId);
  const what = stepId === null ? "run" : "step";
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim() || null;
    const rating = text("rating");
    const isNumber = rating !== null && Number.isFinite(Number(rating));
    add.mutate(
      {
        name: text("name") ?? "comment",
        // A comment alone is a score too, labelled as a comment.
        ...(isNumber ? { value: Number(rating) } : { label: rating ?? "comment" }),
        comment: text("comment"),
      },
      { onSuccess: () => setOpen(false) },
    );
  };
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <Button look="icon" aria-label={`Score or comment on this ${what}`} title="Score or comment">
          <MessageSquarePlus aria-hidden className="size-4" />
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className="popover w-72"
          align="end"
          sideOffset={6}
          aria-label={`Score or comment on this ${what}`}
        >
          <form className="space-y-2" onSubmit={submit}>
            <div className="flex gap-2">
              <Field label="Name" name="name" placeholder="comment" />
              <Field label="Number or label" name="rating" placeholder="0.8" />
            </div>
            <label className="block text-muted text-xs">
              Comment
              <textarea name="comment" rows={3} className="field mt-0.5 block h-auto w-full resize-y py-1" />
            </label>
            {add.error && (
              <p role="alert" className="text-error text-xs">
                {add.error.message}
              </p>
            )}
            <Button type="submit" look="primary" disabled={add.isPending}>
              Save
            </Button>
          </form>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Field({
  label,
  name,
  placeholder,
}: {
  readonly label: string;
  readonly name: string;
  readonly placeholder: string;
}) {
  return (
    <label className="block min-w-0 flex-1 text-muted text-xs">
      {label}
      <input name={name} placeholder={placeholder} className="field mt-0.5 block w-full" autoComplete="off" />
    </label>
  );
}
