import { Download, FileText, Image, Music, Video } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { bytes } from "../../../lib/numbers";
import { visible } from "../../../lib/text";
import { extensionOf, isPicture, readBase64 } from "../data/media";
import type { MediaPart } from "../data/message";
import { SafeText } from "../text/SafeText";

const ICONS: Readonly<Record<string, typeof FileText>> = { image: Image, audio: Music, video: Video };

/**
 * A picture that was sent inline is shown. Anything else is named, with its size and a download that is never opened by the browser.
 * What is only an address is never loaded.
 */
export function Media({ part }: { readonly part: MediaPart }) {
  const content = useContent(part);
  const Icon = ICONS[part.what] ?? FileText;
  const name = `${visible(part.what)}${part.mime ? ` · ${visible(part.mime)}` : ""}`;
  return (
    <figure className="min-w-0 space-y-1.5">
      {content && isPicture(content.type) && <Picture blob={content} alt={name} />}
      <figcaption className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1 text-muted text-xs">
        <Icon aria-hidden className="size-3.5 shrink-0" />
        <span>{name}</span>
        {content && <span className="tabular-nums">{bytes(content.size)}</span>}
        {content && <Save blob={content} what={part.what} />}
        {part.place && (
          <span
            className="min-w-0 truncate font-mono"
            title={`${visible(part.place)} (never loaded from here)`}
          >
            <SafeText>{part.place}</SafeText>
          </span>
        )}
        {!content && !part.place && <span>its content was not sent</span>}
      </figcaption>
    </figure>
  );
}

/** The bytes of a medium that was sent inline; null for an address, and for what is no base64. */
function useContent({ data, mime }: MediaPart): Blob | null {
  const [long, setLong] = useState<string | null>(null);
  useEffect(() => {
    // Long content is kept outside of the page until it is wanted.
    if (data instanceof Blob) void data.text().then(setLong);
  }, [data]);
  const text = data instanceof Blob ? long : data;
  return useMemo(() => (text === null ? null : readBase64(text, mime)), [text, mime]);
}

/** A URL of a blob for as long as it is shown. */
function useUrl(blob: Blob): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return url;
}

function Picture({ blob, alt }: { readonly blob: Blob; readonly alt: string }) {
  const url = useUrl(blob);
  const [broken, setBroken] = useState(false);
  if (broken) return <p className="text-warn text-xs">This picture is damaged and cannot be drawn.</p>;
  return (
    url && (
      <img
        src={url}
        alt={alt}
        className="max-h-96 max-w-full rounded-md border border-line object-contain"
        onError={() => setBroken(true)}
      />
    )
  );
}

function Save({ blob, what }: { readonly blob: Blob; readonly what: string }) {
  // As bytes: a browser offers them for saving and runs nothing in them, whatever they claim to be.
  const saved = useMemo(() => new Blob([blob], { type: "application/octet-stream" }), [blob]);
  const url = useUrl(saved);
  return (
    url && (
      <a
        href={url}
        download={`${what.replace(/[^a-z]/gi, "") || "file"}.${extensionOf(blob.type)}`}
        className="inline-flex items-center gap-1 text-accent hover:underline"
      >
        <Download aria-hidden className="size-3.5" /> Download
      </a>
    )
  );
}
