import { ChevronRight } from "lucide-react";
import { visible } from "../../../lib/text";
import type { JsonRow, Scalar, Table } from "../layout/jsonRows";
import { Fold } from "../text/Fold";
import { PagedText } from "../text/PagedText";
import { SafeText } from "../text/SafeText";

interface JsonLineProps {
  readonly row: JsonRow;
  /** Whether lines leave room for a fold mark. A flat list needs none. */
  readonly folds: boolean;
  readonly onTurn: (pointer: string) => void;
}

/** One line of a JSON value: its key, and its value or its size. */
export function JsonLine({ row, folds, onTurn }: JsonLineProps) {
  const holds = row.size !== null && row.size > 0;
  return (
    <div className="flex min-w-0 items-start leading-5" style={{ paddingInlineStart: row.depth * 14 }}>
      {holds ? (
        <button
          type="button"
          className="-my-0.5 -ml-1.5 flex size-6 shrink-0 items-center justify-center text-muted hover:text-text"
          aria-expanded={row.open}
          aria-label={`${row.open ? "Fold" : "Unfold"} ${visible(row.key ?? "value")}`}
          onClick={() => onTurn(row.pointer)}
        >
          <ChevronRight aria-hidden className={`size-3 ${row.open ? "rotate-90" : ""}`} />
        </button>
      ) : (
        folds && <span className="w-[18px] shrink-0" />
      )}
      {row.key !== null && (
        <span className="shrink-0 pr-1.5 text-muted">
          <SafeText>{row.key}</SafeText>
        </span>
      )}
      {row.table ? <TableView table={row.table} /> : <JsonValue row={row} />}
      {row.isQuoted && (
        <span className="shrink-0 pl-1.5 text-muted" title="This was sent as a text that holds JSON.">
          text
        </span>
      )}
    </div>
  );
}

function TableView({ table: { columns, rows } }: { readonly table: Table }) {
  return (
    <div className="min-w-0 overflow-x-auto">
      <table className="json-table">
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col" className="font-normal text-muted">
                <SafeText>{name}</SafeText>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: records have no identity
            <tr key={at}>
              {cells.map((cell, at) => (
                <td key={columns[at]} className={typeof cell === "number" ? "text-right" : undefined}>
                  {cell !== undefined && <ScalarView value={cell} />}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ScalarView({ value }: { readonly value: Scalar }) {
  if (typeof value === "string")
    return (
      <span className="text-(--json-text)">
        <SafeText>{value}</SafeText>
      </span>
    );
  return <span className={value === null ? "text-muted" : "text-(--json-number)"}>{String(value)}</span>;
}

function JsonValue({ row: { value, size, open, key } }: { readonly row: JsonRow }) {
  if (size !== null) {
    const [from, to] = Array.isArray(value) ? "[]" : "{}";
    if (open) return <span className="text-muted">{from}</span>;
    return (
      <span className="text-muted">
        {from}
        {size > 0 && <span className="px-1">{size}</span>}
        {to}
      </span>
    );
  }
  if (value instanceof Blob) {
    return (
      <div className="min-w-0 grow">
        <PagedText blob={value} label={key ?? "value"} />
      </div>
    );
  }
  if (typeof value === "string") {
    return (
      <div className="min-w-0 grow whitespace-pre-wrap break-words text-(--json-text)">
        <Fold label={key ?? "text"}>
          <SafeText>{value}</SafeText>
        </Fold>
      </div>
    );
  }
  return <ScalarView value={value as Scalar} />;
}
