import { Dialog } from "../components/Dialog";
import { keys } from "./keys";

/** The keys of every page. */
export function Help({ close }: { close: () => void }) {
  return (
    <Dialog label="Keys" onClose={close} className="max-w-2xl">
      <div className="grid gap-6 p-5 sm:grid-cols-3">
        {keys.map(({ where, keys }) => (
          <section key={where}>
            <h2 className="mb-2 font-semibold">{where}</h2>
            <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1">
              {keys.map(([key, does]) => (
                <div key={key} className="contents">
                  <dt>
                    <kbd className="rounded border bg-bg px-1.5 font-mono text-xs whitespace-nowrap">
                      {key}
                    </kbd>
                  </dt>
                  <dd className="text-muted">{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
