/** Bytes from base64 with padding; undefined unless they are so many, and written in the only way that they should be. */
export function decodeBase64(text: string, sizeBytes: number): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.length === sizeBytes && bytes.toString("base64") === text ? bytes : undefined;
}

/** The line of base64 in a key, which may be given as its file or as that line alone. */
export function keyLine(text: string): string {
  const lines = text
    .split(/\r?\n/u)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const [first = "", second] = lines;
  if (lines.length === 1) return first;
  return lines.length === 2 && first.startsWith("untrusted comment:") ? (second ?? "") : "";
}

/** How minisign shows the number of a key: as a little-endian integer, in hexadecimal without leading zeros. */
export function keyIdOf(keyNumber: Buffer): string {
  return keyNumber.readBigUInt64LE().toString(16).toUpperCase();
}
