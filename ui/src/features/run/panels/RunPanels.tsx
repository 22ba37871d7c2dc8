import { useEffect, useState } from "react";
import { Group, Panel, Separator, useDefaultLayout } from "react-resizable-panels";
import { useKeys } from "../../../lib/useKeys";
import { Detail } from "../detail/Detail";
import { FindBar } from "../find/FindBar";
import { useRunModel } from "../model";
import { Outline } from "../outline/Outline";
import { CentreView, type CentreViewProps } from "./CentreView";
import { NarrowDetail } from "./NarrowDetail";
import { useIsWide } from "./useIsWide";
import { usePanelFolds } from "./usePanelFolds";
import { useRunKeys } from "./useRunKeys";
import { ViewTabs } from "./ViewTabs";

/** Turns, view and details: three panels that can be resized and folded, or one at a time on a narrow screen. */
export function RunPanels(props: Omit<CentreViewProps, "onSight">) {
  const { search, onSearch } = props;
  const { run, selected } = useRunModel();
  const isWide = useIsWide();
  const layout = useDefaultLayout({ id: "run-panels", storage: localStorage });
  const folds = usePanelFolds();
  useRunKeys(search, onSearch);
  useKeys({ "{": folds.list.toggle, "}": folds.detail.toggle });
  const find = useFind();
  const [sight, setSight] = useState<number | null>(null);
  const goToTurn = (turn: number) => {
    const { step: _, ...rest } = search;
    setSight(null);
    onSearch({ ...rest, turn });
  };
  const view = search.view ?? "story";
  if (!isWide) {
    return (
      <>
        <ViewTabs
          view={view}
          onView={(view) => onSearch({ ...search, view })}
          onFind={find.open}
          picker={
            view === "story" && (
              <TurnPicker turn={sight ?? search.turn ?? run.turns[0]?.n} onTurn={goToTurn} />
            )
          }
        />
        {find.bar}
        <div id="centre" className="min-h-0 grow">
          <CentreView {...props} onSight={setSight} />
        </div>
        {selected !== null && <NarrowDetail />}
      </>
    );
  }
  return (
    <Group orientation="horizontal" className="min-h-0 grow" {...layout}>
      <Panel
        id="list-panel"
        defaultSize="17%"
        minSize="150px"
        collapsible
        panelRef={folds.list.ref}
        onResize={folds.list.onResize}
      >
        <Outline turn={search.turn} onTurn={goToTurn} inSight={view === "story" ? sight : null} />
      </Panel>
      <Separator className="separator" aria-label="Width of the list of turns" />
      <Panel id="centre-panel" minSize="320px">
        <div className="flex h-full min-w-0 flex-col">
          <ViewTabs
            view={view}
            onView={(view) => onSearch({ ...search, view })}
            folds={folds}
            onFind={find.open}
          />
          {find.bar}
          <div id="centre" className="min-h-0 grow">
            <CentreView {...props} onSight={setSight} />
          </div>
        </div>
      </Panel>
      <Separator className="separator" aria-label="Width of the details" />
      <Panel
        id="detail-panel"
        defaultSize="31%"
        minSize="240px"
        collapsible
        panelRef={folds.detail.ref}
        onResize={folds.detail.onResize}
      >
        <aside className="h-full" aria-label="Details">
          <Detail />
        </aside>
      </Panel>
    </Group>
  );
}

/** `/` and ⌘F open the line that finds in the run. A second ⌘F is the browser's own. */
function useFind() {
  const [isOpen, setOpen] = useState(false);
  useKeys({
    "/": (event) => {
      event.preventDefault();
      setOpen(true);
    },
  });
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== "f" || !(event.metaKey || event.ctrlKey) || event.shiftKey || event.altKey) return;
      if (isOpen || document.querySelector("dialog[open], [role=dialog]")) return;
      event.preventDefault();
      setOpen(true);
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [isOpen]);
  return { open: () => setOpen(true), bar: isOpen && <FindBar onClose={() => setOpen(false)} /> };
}

interface TurnPickerProps {
  readonly turn: number | undefined;
  readonly onTurn: (n: number) => void;
}

/** The list of turns on a narrow screen. */
function TurnPicker({ turn, onTurn }: TurnPickerProps) {
  const { run } = useRunModel();
  if (run.turns.length < 2) return null;
  return (
    <select
      className="field ml-auto min-w-0"
      aria-label="Turn"
      value={turn}
      onChange={(event) => onTurn(Number(event.target.value))}
    >
      {run.turns.map(({ n, tool_names, error }) => (
        <option key={n} value={n}>
          {`Turn ${n}${error ? " ✗" : ""} ${tool_names.join(", ")}`.slice(0, 40)}
        </option>
      ))}
    </select>
  );
}
