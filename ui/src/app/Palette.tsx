import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { Bookmark, Bot, List, Rocket, Search, Settings, SunMoon } from "lucide-react";
import { type ReactNode, useState } from "react";
import { api, must } from "../api/client";
import { Dialog } from "../components/Dialog";
import { StatusMark } from "../components/StatusMark";
import { term } from "../lib/query";
import { useSavedViews } from "../lib/savedViews";
import { oneLine } from "../lib/text";
import { nextTheme } from "./theme";

/** Goes anywhere: to a page, a recent run, an agent's runs, or a search for what was typed. */
export function Palette({ close }: { close: () => void }) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const views = useSavedViews();
  const runs = useQuery({
    queryKey: ["runs", "palette"],
    queryFn: async () =>
      must(await api.GET("/v1/runs", { params: { query: { limit: 30, roots_only: true } } })).runs,
  });
  const agents = useQuery({
    queryKey: ["values", "agent", ""],
    queryFn: async () =>
      must(await api.GET("/v1/values", { params: { query: { field: "agent", limit: 30 } } })).values,
  });
  const go = (leave: () => void) => () => {
    close();
    leave();
  };
  return (
    <Dialog label="Go anywhere" onClose={close} className="mt-[12vh] max-w-xl">
      <Command label="Go anywhere" className="flex max-h-[60vh] flex-col">
        <Command.Input
          autoFocus
          value={typed}
          onValueChange={setTyped}
          placeholder="A page, a run, an agent, or words to search"
          className="h-11 shrink-0 border-b bg-raised px-4 text-base outline-none"
        />
        <Command.List className="overflow-auto p-1.5">
          <Group heading="Pages">
            <Item icon={<List size={15} aria-hidden />} name="Runs" pick={go(() => navigate({ to: "/" }))} />
            <Item
              icon={<Search size={15} aria-hidden />}
              name="Search"
              pick={go(() => navigate({ to: "/search" }))}
            />
            <Item
              icon={<Rocket size={15} aria-hidden />}
              name="Send a run"
              pick={go(() => navigate({ to: "/start" }))}
            />
            <Item
              icon={<Settings size={15} aria-hidden />}
              name="Settings and health"
              pick={go(() => navigate({ to: "/settings" }))}
            />
            <Item
              icon={<SunMoon size={15} aria-hidden />}
              name="Theme: light, dark or system"
              pick={nextTheme}
            />
          </Group>
          {views.length > 0 && (
            <Group heading="Saved views">
              {views.map(({ name, search }) => (
                <Item
                  key={name}
                  id={`view ${name}`}
                  icon={<Bookmark size={15} aria-hidden />}
                  name={oneLine(name, 60)}
                  says={oneLine(search["q"], 100)}
                  pick={go(() => navigate({ to: "/", search: { ...search, view: name } }))}
                />
              ))}
            </Group>
          )}
          <Group heading="Recent runs">
            {runs.data?.map((run) => (
              <Item
                key={run.run_id}
                id={run.run_id}
                icon={<StatusMark status={run.status} size={15} />}
                name={oneLine(run.name, 60)}
                says={oneLine(run.input_preview, 100)}
                pick={go(() => navigate({ to: "/runs/$runId", params: { runId: run.run_id } }))}
              />
            ))}
          </Group>
          <Group heading="Agents">
            {agents.data?.map(({ value }) => (
              <Item
                key={value}
                id={`agent ${value}`}
                icon={<Bot size={15} aria-hidden />}
                name={`Runs of ${oneLine(value, 60)}`}
                pick={go(() =>
                  navigate({
                    to: "/",
                    search: { q: term("agent", value) },
                  }),
                )}
              />
            ))}
          </Group>
          {typed.trim() && (
            <Command.Group forceMount>
              <Item
                id="search-for"
                keep
                icon={<Search size={15} aria-hidden />}
                name={`Search messages for “${oneLine(typed, 60)}”`}
                pick={go(() => navigate({ to: "/search", search: { q: typed.trim() } }))}
              />
            </Command.Group>
          )}
        </Command.List>
      </Command>
    </Dialog>
  );
}

function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted"
    >
      {children}
    </Command.Group>
  );
}

type ItemProps = {
  id?: string;
  icon: ReactNode;
  name: string;
  says?: string;
  keep?: boolean;
  pick: () => void;
};

function Item({ id, icon, name, says = "", keep = false, pick }: ItemProps) {
  return (
    <Command.Item
      value={id ?? name}
      keywords={[name, says]}
      forceMount={keep}
      onSelect={pick}
      className="flex h-8 cursor-default items-center gap-2.5 rounded-md px-2 data-[selected=true]:bg-selected"
    >
      {icon}
      <span className="shrink-0">{name}</span>
      <span className="truncate text-muted">{says}</span>
    </Command.Item>
  );
}
