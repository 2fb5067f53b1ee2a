import { hash } from "node:crypto";

/** SHA-256 of the text of a file, hex. White space at its end does not count: editors add and remove it. */
export function checksumOf(text: string): string {
  return hash("sha256", text.trimEnd());
}

/** SHA-256 over a list, hex: no other list has the same. */
export function checksumOfList(parts: readonly string[]): string {
  return hash("sha256", parts.map((part) => `${part.length}:${part}`).join(""));
}
