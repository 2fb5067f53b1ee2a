/** Text for XML. What XML cannot hold is refused by the caller's keys. */
export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\r", "&#13;");
}

/** An element with text, or with elements that are XML already. */
export function element(
  name: string,
  content: string | number | boolean | readonly string[],
): string {
  const inner = typeof content === "object" ? content.join("") : escapeXml(String(content));
  return `<${name}>${inner}</${name}>`;
}

/** The contents of all elements of a name, as XML. */
export function elementsOf(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, "gu"))].map(
    ([, inner = ""]) => inner,
  );
}

/** The text of the first element of a name. */
export function textOf(xml: string, name: string): string {
  return (elementsOf(xml, name)[0] ?? "")
    .replaceAll(/&#(x?)([0-9A-Fa-f]+);/gu, (_, hex: string, digits: string) =>
      String.fromCodePoint(Number.parseInt(digits, hex ? 16 : 10)),
    )
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");
}
