import { type ReactNode, useEffect, useRef } from "react";

type Props = { label: string; onClose: () => void; children: ReactNode; className?: string };

/** The browser's own dialog: it traps the focus, closes on Escape, and returns the focus. */
export function Dialog({ label, onClose, children, className = "" }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = box.current;
    dialog?.showModal();
    dialog?.querySelector("input")?.focus();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={box}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => event.target === box.current && onClose()}
      onKeyDown={(event) => event.stopPropagation()}
      className={`m-auto max-h-[80vh] w-full rounded-lg border bg-raised p-0 text-text shadow-2xl backdrop:bg-black/40 ${className}`}
    >
      {children}
    </dialog>
  );
}
