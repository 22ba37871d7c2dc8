import { Tooltip as Radix } from "radix-ui";
import type { ReactElement, ReactNode } from "react";

/** Says more about what is pointed at or focused. */
export function Tooltip({ children, says }: { children: ReactElement; says: ReactNode }) {
  return (
    <Radix.Root delayDuration={300}>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          sideOffset={4}
          className="z-50 max-w-96 rounded-md border border-line bg-raised px-2 py-1 text-xs break-words shadow-lg"
        >
          {says}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
