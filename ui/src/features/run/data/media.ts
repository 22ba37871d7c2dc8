/** Media that was sent inline, as bytes. Telemetry claims the type, so that only the bytes decide what is drawn. Pure. */

/** The pictures that a browser draws without running anything in them. SVG is not among them. */
const PICTURES: readonly (readonly [type: string, from: number, bytes: readonly number[]])[] = [
  ["image/png", 0, [0x89, 0x50, 0x4e, 0x47]],
  ["image/jpeg", 0, [0xff, 0xd8, 0xff]],
  ["image/gif", 0, [0x47, 0x49, 0x46, 0x38]],
  ["image/webp", 8, [0x57, 0x45, 0x42, 0x50]],
  ["image/bmp", 0, [0x42, 0x4d]],
  ["image/avif", 4, [0x66, 0x74, 0x79, 0x70, 0x61, 0x76, 0x69, 0x66]],
];

export const isPicture = (type: string): boolean => PICTURES.some(([one]) => one === type);

/** The bytes of a base64 text, or of a `data:` address. Null for what is neither. */
export function readBase64(text: string, mime: string | null): Blob | null {
  const data = /^data:([^;,]*)[^,]*;base64,/.exec(text.slice(0, 200));
  const claimed = mime ?? data?.[1] ?? "";
  const digits = text
    .slice(data?.[0].length ?? 0)
    .replace(/\s+/g, "")
    .replaceAll("-", "+")
    .replaceAll("_", "/");
  try {
    const bytes = Uint8Array.from(atob(digits), (c) => c.charCodeAt(0));
    if (bytes.length === 0) return null;
    const seen = PICTURES.find(([, from, magic]) => magic.every((byte, at) => bytes[from + at] === byte));
    return new Blob([bytes], { type: seen?.[0] ?? (isPicture(claimed) ? "" : claimed) });
  } catch {
    return null; // no base64, such as a placeholder that the instrumentation left
  }
}

/** The ending of a file of this type: only letters and digits, whatever the type claims. */
export const extensionOf = (type: string): string =>
  /^[a-z]+\/(?:x-)?([a-z0-9]{2,5})$/.exec(type)?.[1]?.replace("jpeg", "jpg") ?? "bin";
