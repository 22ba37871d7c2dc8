import { useQuery } from "@tanstack/react-query";
import type { Config, SettingValue } from "../../api/types";
import { ErrorPanel } from "../../components/ErrorPanel";
import { Skeleton } from "../../components/Skeleton";
import { bytes, count } from "../../lib/numbers";
import { visible } from "../../lib/text";
import { exact } from "../../lib/time";
import { configQuery } from "./config";
import { Figure, Figures, Section } from "./Section";

/** What the server stores, how long it keeps it, and each setting with its origin. */
export function Configured() {
  const config = useQuery(configQuery);
  if (config.isError)
    return <ErrorPanel what="The settings" error={config.error} retry={() => config.refetch()} />;
  if (!config.data) return <Skeleton className="my-4 h-40" />;
  return (
    <>
      <Store config={config.data} />
      <Section title="Receiving at">
        <Figures>
          <Figure name="UI, REST and OTLP/HTTP">{config.data.addresses.listen}</Figure>
          <Figure name="OTLP/gRPC">{config.data.addresses.otlp_grpc}</Figure>
          <Figure name="OTLP/HTTP">{config.data.addresses.otlp_http}</Figure>
          <Figure name="API key">{config.data.api_key_set ? "set" : "not set"}</Figure>
        </Figures>
      </Section>
      <Values values={config.data.values} />
    </>
  );
}

function Store({ config: { store, retention } }: { config: Config }) {
  const kept = [
    retention.days != null && `${retention.days} days`,
    retention.max_bytes != null && `at most ${bytes(retention.max_bytes)}`,
  ].filter(Boolean);
  return (
    <Section title="Store" note={visible(store.path)}>
      <Figures>
        <Figure name="Size">{bytes(store.bytes)}</Figure>
        <Figure name="Search index">{bytes(store.search_bytes)}</Figure>
        <Figure name="Runs">{count(store.runs)}</Figure>
        <Figure name="Spans and logs">{count(store.records)}</Figure>
        <Figure name="Messages and other contents">{count(store.contents)}</Figure>
        <Figure name="Oldest">{store.oldest_at == null ? "–" : exact(store.oldest_at).slice(0, 10)}</Figure>
        <Figure name="Kept for">{kept.join(", ") || "ever"}</Figure>
      </Figures>
    </Section>
  );
}

function Values({ values }: { values: SettingValue[] }) {
  return (
    <Section title="Settings" note="as given by flag, environment, file or default">
      <div className="overflow-x-auto">
        <table className="w-full text-left">
          <thead className="text-xs text-muted">
            <tr>
              <th className="py-1 pr-4 font-normal">Name</th>
              <th className="py-1 pr-4 font-normal">Value</th>
              <th className="py-1 pr-4 font-normal">From</th>
              <th className="py-1 font-normal max-sm:hidden">What it does</th>
            </tr>
          </thead>
          <tbody>
            {values.map(({ name, value, source, doc }) => (
              <tr key={name} className="border-t align-top">
                <td className="py-1 pr-4 font-mono text-xs">{name}</td>
                <td className="py-1 pr-4 font-mono text-xs wrap-anywhere">
                  {value === null ? "–" : visible(String(value))}
                </td>
                <td className={`py-1 pr-4 whitespace-nowrap ${source === "default" ? "text-muted" : ""}`}>
                  {source}
                </td>
                <td className="py-1 text-muted max-sm:hidden">{doc}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
