/** A text in a rules file. */
export function ruleText(text: string): string {
  const escaped = text.replaceAll(/[\\'\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}]/gu, (character) => {
    if (character === "\\" || character === "'") return `\\${character}`;
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `'${escaped}'`;
}

/** A list of texts in a rules file. */
export function ruleTexts(texts: readonly string[]): string {
  return `[${texts.map(ruleText).join(", ")}]`;
}

/** A number in a rules file, which has no exponents. */
export function ruleNumber(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  if (Number.isInteger(value)) return `${BigInt(value)}.0`;
  const text = String(value);
  return text.includes("e") ? value.toFixed(60).replace(/0+$/, "") : text;
}

const words = new Set(
  ["allow", "false", "function", "if", "import", "in", "is", "let", "match", "null"].concat([
    "return",
    "rules_version",
    "service",
    "true",
  ]),
);

/** A field of the map `data`. An error, and with it a refusal, where there is none. */
export function ruleField(field: string): string {
  return /^[A-Za-z_]\w*$/.test(field) && !words.has(field)
    ? `data.${field}`
    : `data[${ruleText(field)}]`;
}

/** Whether a map has no such field, or null in it. */
export function ruleIsNull(field: string): string {
  return `data.get(${ruleText(field)}, null) == null`;
}

/** A comment on a line of its own, of free text. */
export function ruleComment(text: string): string {
  return `// ${text.replaceAll(/\s+/g, " ").trim()}`;
}

const token = /'(?:[^'\\]|\\.)*'|[A-Za-z_]\w*|[\d.]+|==|!=|<=|>=|&&|\|\||[!<>]/g;

/**
 * About how many expressions evaluating a piece of rules takes. Measured with Google's emulator: it counts a little more
 * than the tokens.
 */
export function ruleCost(source: string): number {
  return Math.ceil((source.match(token)?.length ?? 0) * 1.3);
}
