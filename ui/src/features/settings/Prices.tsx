import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, must } from "../../api/client";
import type { PriceRow, UnpricedModel } from "../../api/types";
import { ErrorPanel } from "../../components/ErrorPanel";
import { Skeleton } from "../../components/Skeleton";
import { oneLine, visible } from "../../lib/text";
import { Section } from "./Section";

/** The prices in force, and the models that have none. */
export function Prices() {
  const [wanted, setWanted] = useState("");
  const prices = useQuery({
    queryKey: ["pricing"],
    queryFn: async () => must(await api.GET("/v1/pricing")),
  });
  const missing = useQuery({
    queryKey: ["pricing", "missing"],
    queryFn: async () => must(await api.GET("/v1/pricing/missing")),
  });
  if (prices.isError)
    return <ErrorPanel what="The prices" error={prices.error} retry={() => prices.refetch()} />;
  if (!prices.data) return <Skeleton className="my-4 h-24" />;
  const { version, models, file, file_error } = prices.data;
  const word = wanted.trim().toLowerCase();
  const rows = prices.data.prices.filter(
    (price) =>
      word === "" ||
      [price.model, ...price.also, price.provider].some((name) => name?.toLowerCase().includes(word)),
  );
  return (
    <Section
      title="Prices"
      note={`${models} models${version ? `, compared on ${version}` : ""}; US dollars per million tokens`}
    >
      {file_error && (
        <p role="alert" className="mb-2 text-error">
          {visible(file)} is not used: {visible(file_error)}
        </p>
      )}
      {missing.data && missing.data.models.length > 0 && <Missing models={missing.data.models} />}
      <input
        type="search"
        aria-label="Find a price"
        placeholder="Find a model or provider"
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
        className="field mb-2 h-8 w-full max-w-xs"
      />
      <div
        className="max-h-96 overflow-auto rounded-md border"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        role="group"
        aria-label="Price list"
      >
        <table className="w-full text-right">
          <thead className="sticky top-0 bg-raised text-xs text-muted">
            <tr>
              {["Model", "Provider", "From", "Tier"].map((title) => (
                <th key={title} className="px-2 py-1 text-left font-normal">
                  {title}
                </th>
              ))}
              {["Input", "Cache read", "Cache write", "Output"].map((title) => (
                <th key={title} className="px-2 py-1 font-normal">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{rows.flatMap(tiers)}</tbody>
        </table>
      </div>
    </Section>
  );
}

const dollars = (price: number | null | undefined) =>
  price === null || price === undefined ? "–" : `$${price}`;

function tiers(price: PriceRow) {
  return price.tiers.map((tier, n) => (
    <tr
      key={`${price.model} ${price.provider} ${price.effective_from} ${tier.tier} ${tier.above_input_tokens}`}
      className="border-t"
      title={`${oneLine(price.source)}${price.also.length ? `; also ${oneLine(price.also.join(", "))}` : ""}`}
    >
      <td className="px-2 py-0.5 text-left font-mono text-xs">{n === 0 && oneLine(price.model)}</td>
      <td className="px-2 text-left">{n === 0 && (price.own ? "your file" : (price.provider ?? "any"))}</td>
      <td className="px-2 text-left text-muted">{n === 0 && price.effective_from}</td>
      <td className="px-2 text-left text-muted">
        {tier.tier.replace("_", " ")}
        {tier.above_input_tokens != null && ` > ${tier.above_input_tokens / 1000}k`}
      </td>
      <td className="px-2">{dollars(tier.input)}</td>
      <td className="px-2">{dollars(tier.cache_read)}</td>
      <td className="px-2">{dollars(tier.cache_write)}</td>
      <td className="px-2">{dollars(tier.output)}</td>
    </tr>
  ));
}

function Missing({ models }: { models: UnpricedModel[] }) {
  return (
    <div className="mb-3 rounded-md border border-warn p-2">
      <p>
        Calls without a price count as unknown. Give them one with <code>turnscope pricing set</code>:
      </p>
      <ul className="mt-1 list-disc pl-5">
        {models.slice(0, 12).map(({ model, provider, unpriced_calls }) => (
          <li key={`${model} ${provider}`}>
            <span className="font-mono text-xs">{oneLine(model) || "no model named"}</span>
            {provider && ` at ${oneLine(provider)}`}: {unpriced_calls}{" "}
            {unpriced_calls === 1 ? "call" : "calls"}
          </li>
        ))}
      </ul>
    </div>
  );
}
