/** Reads a long text in pages of bytes without cutting a character in two. */

export const PAGE_BYTES = 64 * 1024;

export const pageCount = (blob: Blob): number => Math.max(1, Math.ceil(blob.size / PAGE_BYTES));

/** The text of one page. A character belongs to the page in which it begins. */
export async function readPage(blob: Blob, page: number): Promise<string> {
  const from = page * PAGE_BYTES;
  const bytes = new Uint8Array(await blob.slice(from, from + PAGE_BYTES + LONGEST - 1).arrayBuffer());
  const begin = from === 0 ? 0 : startOfCharacter(bytes, 0);
  const end = Math.min(bytes.length, PAGE_BYTES);
  return new TextDecoder().decode(bytes.subarray(begin, startOfCharacter(bytes, end)));
}

/** Bytes of the longest character in UTF-8. */
const LONGEST = 4;

/** The first position from `at` on where a character begins or the text ends. */
function startOfCharacter(bytes: Uint8Array, at: number): number {
  while (at < bytes.length && ((bytes[at] as number) & 0xc0) === 0x80) at += 1;
  return at;
}
