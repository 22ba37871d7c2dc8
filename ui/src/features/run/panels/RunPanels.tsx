import { useState } from "react";
import { Group, Panel, Separator, useDefaultLayout } from "react-resizable-panels";
import { useKeys } from "../../../lib/useKeys";
import { Detail } from "../detail/Detail";
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
  const { selected } = useRunModel();
  const isWide = useIsWide();
  const layout = useDefaultLayout({ id: "run-panels", storage: localStorage });
  const folds = usePanelFolds();
  useRunKeys(search, onSearch);
  useKeys({ "{": folds.list.toggle, "}": folds.detail.toggle });
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
        <ViewTabs view={view} onView={(view) => onSearch({ ...search, view })} />
        <div className="min-h-0 grow">
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
          <ViewTabs view={view} onView={(view) => onSearch({ ...search, view })} folds={folds} />
          <div className="min-h-0 grow">
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
