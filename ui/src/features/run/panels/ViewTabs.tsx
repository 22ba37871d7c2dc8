import { PanelLeft, PanelRight, Search } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "../../../components/Button";
import { VIEWS, type View } from "../search";
import { TextFormChoice } from "../text/TextFormProvider";
import type { PanelFold, PanelFolds } from "./usePanelFolds";

const TITLES: Readonly<Record<View, readonly [title: string, key: string]>> = {
  story: ["Story", "s"],
  tree: ["Tree", "t"],
  timeline: ["Timeline", "g"],
  context: ["Context", "c"],
};

interface ViewTabsProps {
  readonly view: View;
  readonly onView: (view: View) => void;
  readonly onFind: () => void;
  readonly folds?: PanelFolds;
  /** Beside the tabs, where there is no list of turns. */
  readonly picker?: ReactNode;
}

/** The four ways to look at a run. */
export function ViewTabs({ view, onView, onFind, folds, picker }: ViewTabsProps) {
  return (
    <div className="flex shrink-0 items-center gap-1 border-line border-b px-2">
      {folds && <FoldButton fold={folds.list} what="the list of turns" Icon={PanelLeft} />}
      <nav aria-label="Views" className="flex">
        {VIEWS.map((one) => {
          const [title, key] = TITLES[one];
          return (
            <button
              key={one}
              type="button"
              className="tab"
              aria-current={one === view ? "page" : undefined}
              aria-keyshortcuts={key}
              title={`${title} (${key})`}
              onClick={() => onView(one)}
            >
              {title}
            </button>
          );
        })}
      </nav>
      <Button
        look="icon"
        className="shrink-0"
        aria-label="Find in this run"
        title="Find in this run (/)"
        onClick={onFind}
      >
        <Search aria-hidden className="size-3.5" />
      </Button>
      {picker}
      {view === "story" && folds && (
        <span className="ml-auto min-w-0">
          <TextFormChoice />
        </span>
      )}
      {folds && (
        <span className={view === "story" ? "" : "ml-auto"}>
          <FoldButton fold={folds.detail} what="the details" Icon={PanelRight} />
        </span>
      )}
    </div>
  );
}

interface FoldButtonProps {
  readonly fold: PanelFold;
  readonly what: string;
  readonly Icon: typeof PanelLeft;
}

function FoldButton({ fold, what, Icon }: FoldButtonProps) {
  const label = `${fold.isFolded ? "Show" : "Hide"} ${what}`;
  return (
    <Button look="icon" aria-label={label} title={label} aria-expanded={!fold.isFolded} onClick={fold.toggle}>
      <Icon aria-hidden className="size-4" />
    </Button>
  );
}
