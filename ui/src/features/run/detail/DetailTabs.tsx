import { Tabs } from "radix-ui";
import { type ReactNode, useState } from "react";
import type { Step } from "../../../api/types";
import { AttributesTab } from "./AttributesTab";
import { ConversationTab } from "./ConversationTab";
import { ExplainTab } from "./ExplainTab";
import { HappeningsTab } from "./HappeningsTab";
import { InOutTab } from "./InOutTab";
import { RawTab } from "./RawTab";
import type { StepBody } from "./stepData";
import { ToolsTab } from "./ToolsTab";
import { UsageTab } from "./UsageTab";

interface DetailTabsProps {
  readonly stepId: string;
  readonly row: Step | undefined;
  readonly body: StepBody;
}

interface Tab {
  readonly id: string;
  readonly title: string;
  readonly count?: number;
  readonly draw: () => ReactNode;
}

/** The tabs that apply to a step: a tool has no prompt, and a step without events has no tab for them. */
export function DetailTabs({ stepId, row, body }: DetailTabsProps) {
  const tabs = tabsOf(stepId, row, body);
  const [chosen, setChosen] = useState<string | null>(null);
  const value = tabs.some((tab) => tab.id === chosen) ? (chosen as string) : (tabs[0]?.id ?? "");
  return (
    <Tabs.Root value={value} onValueChange={setChosen} className="flex min-h-0 grow flex-col">
      <Tabs.List className="tab-list" aria-label="Parts of this step">
        {tabs.map((tab) => (
          <Tabs.Trigger key={tab.id} value={tab.id} className="tab">
            {tab.title}
            {tab.count !== undefined && <span className="pl-1 text-muted tabular-nums">{tab.count}</span>}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {tabs.map((tab) => (
        <Tabs.Content
          key={tab.id}
          value={tab.id}
          className="min-h-0 grow overflow-y-auto p-3 outline-offset-[-2px]"
        >
          {tab.draw()}
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}

function tabsOf(stepId: string, row: Step | undefined, body: StepBody): Tab[] {
  const speaks = body.input.length > 0 || body.output.length > 0 || body.system.length > 0;
  const happenings = body.events.length + body.logs.length + body.links.length;
  const tabs: (Tab | false)[] = [
    speaks && { id: "conversation", title: "Prompt", draw: () => <ConversationTab body={body} /> },
    !speaks && { id: "in-out", title: "Input & output", draw: () => <InOutTab body={body} /> },
    body.tools.length > 0 && {
      id: "tools",
      title: "Tools",
      count: body.tools.length,
      draw: () => <ToolsTab tools={body.tools} />,
    },
    Boolean(row?.usage || body.cost) && {
      id: "usage",
      title: "Usage",
      draw: () => <UsageTab row={row} body={body} />,
    },
    { id: "facts", title: "Facts", draw: () => <ExplainTab stepId={stepId} /> },
    { id: "attributes", title: "Attributes", draw: () => <AttributesTab body={body} /> },
    happenings > 0 && {
      id: "events",
      title: "Events",
      count: happenings,
      draw: () => <HappeningsTab body={body} startedAt={row?.started_at ?? 0} />,
    },
    { id: "raw", title: "Raw", draw: () => <RawTab raw={body.raw} /> },
  ];
  return tabs.filter((tab) => tab !== false);
}
