import { createHash } from "node:crypto";

const longestName = 150;
const keptOfLong = 100;
/** Windows has no files of these names. */
const devices = /^(?:con|prn|aux|nul|com\d|lpt\d)$/;

/**
 * The folder of a root collection: small letters, digits, `-` and `_` as they are, everything else as `%` and two hexadecimal
 * digits for each byte. So no two collections share a folder, also on disks where `A` is `a`. Long names are cut, and have
 * part of their SHA-256 behind a `~`.
 */
export function collectionFolder(id: string): string {
  const encoded = devices.test(id) ? `${percent(id.slice(0, 1))}${id.slice(1)}` : safe(id);
  if (encoded.length <= longestName) return encoded;
  const hash = createHash("sha256").update(id).digest("hex").slice(0, 32);
  return `${encoded.slice(0, keptOfLong)}~${hash}`;
}

/** The name of a part: `firestore/data/clients/0000.ndjson`. */
export function documentPartName(collection: string, number: number): string {
  return `firestore/data/${collectionFolder(collection)}/${String(number).padStart(4, "0")}.ndjson`;
}

const safe = (id: string): string => id.replaceAll(/[^a-z0-9_-]/gu, percent);

function percent(character: string): string {
  const bytes = [...Buffer.from(character, "utf8")];
  return bytes.map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
}
