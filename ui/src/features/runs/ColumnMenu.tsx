import { Columns3 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { Button } from "../../components/Button";
import type { Choice } from "./ColumnChoice";

/** Loaded lazily, so that the home page does not wait for a menu's script. */
const load = () => import("./ColumnChoice");
const ColumnChoice = lazy(async () => ({ default: (await load()).ColumnChoice }));

/** Which columns are shown. */
export function ColumnMenu(choice: Choice) {
  const [wanted, setWanted] = useState(false);
  const button = (
    <Button
      className="h-8 max-sm:hidden"
      aria-label="Columns"
      title="Columns"
      aria-haspopup="menu"
      onClick={() => setWanted(true)}
      onPointerEnter={load}
      onFocus={load}
    >
      <Columns3 size={15} aria-hidden />
    </Button>
  );
  if (!wanted) return button;
  return (
    <Suspense fallback={button}>
      <ColumnChoice {...choice} button={button} />
    </Suspense>
  );
}
