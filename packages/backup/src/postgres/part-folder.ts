import { createHash } from "node:crypto";

/** Most file systems take 255 bytes; a suffix and a temporary name need some. */
const longest = 180;

/**
 * The folder of a table's parts: `public.users`. Readable where the names are plain, and one folder per table whatever they
 * are: other characters are percent-encoded, capitals too, because some disks take `Users` and `users` for one name, and
 * letters beyond ASCII, because some disks compose or decompose them. What is too long for a disk ends in a hash.
 */
export function partFolder(table: { readonly schema: string; readonly name: string }): string {
  const folder = `${encode(table.schema)}.${encode(table.name)}`;
  if (folder.length <= longest) return folder;
  const hash = createHash("sha256").update(folder).digest("hex").slice(0, 32);
  // Not in the middle of a percent sign's two digits.
  return `${folder.slice(0, longest - 33).replace(/%.?$/u, "")}~${hash}`;
}

function encode(name: string): string {
  const encoded = name.replaceAll(/[^a-z0-9_-]/gu, percent);
  // Windows keeps these names for devices, with any suffix.
  return /^(?:aux|con|nul|prn|com\d|lpt\d)$/u.test(encoded)
    ? encoded.replace(/^./u, percent)
    : encoded;
}

function percent(character: string): string {
  return [...Buffer.from(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");
}
