import { Dialog } from "radix-ui";
import { Detail } from "../detail/Detail";
import { useRunModel } from "../model";

/** The details on a narrow screen, which cover the view until they are closed. */
export function NarrowDetail() {
  const { select } = useRunModel();
  return (
    <Dialog.Root open onOpenChange={(open) => !open && select(null)}>
      <Dialog.Portal>
        <Dialog.Content
          className="fixed inset-x-0 top-10 bottom-0 z-30 border-line border-t bg-bg"
          aria-describedby={undefined}
        >
          <Dialog.Title className="sr-only">Details of the step</Dialog.Title>
          <Detail />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
