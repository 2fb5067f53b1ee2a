/** As long as a sentence of a stage record may be, in UTF-16 units. */
const longest = 2000;

/** A text as jsonb can hold it: no NUL, no half of a surrogate pair, and not too long. */
export function storableText(text: string): string {
  const short = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return short.replaceAll(/\0|\p{Surrogate}/gu, "\uFFFD");
}

/** JSON in which every text is storable. */
export function storableJson(value: object): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "string" ? storableText(part) : part,
  );
}
