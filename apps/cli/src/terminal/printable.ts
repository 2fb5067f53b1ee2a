/**
 * A text that others wrote, such as the id of a document, as it can be shown on a terminal: line ends and control characters,
 * which could move the cursor or forge lines, are escaped.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu,
    (character) => String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
