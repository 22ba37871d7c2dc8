import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { Button } from "../../../components/Button";
import { bytes } from "../../../lib/numbers";
import { pageCount, readPage } from "../data/pages";
import { SafeText } from "./SafeText";

/** A text too long to draw, a page at a time. */
export function PagedText({ blob, label }: { readonly blob: Blob; readonly label: string }) {
  const [page, setPage] = useState(0);
  const id = useId();
  const pages = pageCount(blob);
  const { data, error } = useQuery({
    queryKey: ["page-of-text", id, blob.size, page],
    queryFn: () => readPage(blob, page),
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  return (
    <section aria-label={label} className="rounded-md border border-line">
      <PageBar page={page} pages={pages} size={blob.size} onPage={setPage} />
      <pre className="max-h-[60vh] overflow-auto whitespace-pre-wrap break-words p-3 text-xs leading-relaxed">
        {error ? `This page could not be read: ${error.message}` : <SafeText>{data ?? ""}</SafeText>}
      </pre>
    </section>
  );
}

interface PageBarProps {
  readonly page: number;
  readonly pages: number;
  readonly size: number;
  readonly onPage: (page: number) => void;
}

function PageBar({ page, pages, size, onPage }: PageBarProps) {
  const to = (text: string, where: number) => (
    <Button look="small" disabled={where < 0 || where >= pages} onClick={() => onPage(where)}>
      {text}
    </Button>
  );
  return (
    <div className="flex items-center gap-2 border-line border-b px-3 py-1 text-muted text-xs tabular-nums">
      <span>{bytes(size)}</span>
      <span aria-live="polite">
        page {page + 1} of {pages}
      </span>
      <span className="ml-auto flex gap-1">
        {to("First", 0)}
        {to("Previous", page - 1)}
        {to("Next", page + 1)}
        {to("Last", pages - 1)}
      </span>
    </div>
  );
}
