const longest = 120;

/** A text as examples show it: at most 120 characters. */
export function shortText(text: string): string {
  if (text.length <= longest) return text;
  const characters = Array.from(text.slice(0, longest * 2));
  return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join("")}…`;
}
