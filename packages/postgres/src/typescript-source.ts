import { columnTypes, type Column, type ColumnType } from "@ctb-data/registry";

/** The TypeScript type of a column's value as models hold it, without null. */
export function valueTypeSource({ type }: Pick<Column, "type">): string {
  const plain = type.kind === "enum" ? enumSource(type.values) : columnTypes[type.name].typescript;
  return arraySource(plain, type);
}

export function arraySource(plain: string, { dimensions }: ColumnType): string {
  let source = plain;
  for (let depth = 0; depth < dimensions; depth++) source = `readonly (${source} | null)[]`;
  return source;
}

function enumSource(values: readonly string[]): string {
  return values.length === 0 ? "never" : values.map((value) => JSON.stringify(value)).join(" | ");
}

/** A property name: quoted unless it is an ordinary identifier. A computed `__proto__` is an own property. */
export function propertySource(name: string): string {
  if (name === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** Data as source, one property a line. */
export function literalSource(value: unknown, indent = ""): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item !== "object"))
      return JSON.stringify(value).replaceAll(",", ", ");
    const items = value.map((item: unknown) => `${inner}${literalSource(item, inner)},\n`);
    return `[\n${items.join("")}${indent}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const flat = entries.every(([, item]) => typeof item !== "object" || isFlatList(item));
  const parts = entries.map(
    ([name, item]: [string, unknown]) => `${propertySource(name)}: ${literalSource(item, inner)}`,
  );
  const line = `{ ${parts.join(", ")} }`;
  if (flat && line.length <= 100) return entries.length === 0 ? "{}" : line;
  return `{\n${parts.map((part) => `${inner}${part},\n`).join("")}${indent}}`;
}

function isFlatList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item !== "object");
}

/** A description as a doc comment, which it cannot end. */
export function docComment(text: string | undefined, indent = ""): string {
  if (text === undefined || text.trim() === "") return "";
  const lines = text.trim().replaceAll("*/", "*\\/").split(/\r?\n/);
  if (lines.length === 1) return `${indent}/** ${lines[0] ?? ""} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join("\n")}\n${indent} */\n`;
}

/** Names of interfaces that are not taken yet. */
export class InterfaceNames {
  readonly #taken: Set<string>;

  constructor(taken: readonly string[]) {
    this.#taken = new Set(taken);
  }

  /** `ImoProcessesTable` for `imo_processes` and the suffix `Table`. */
  take(name: string, suffix: string): string {
    const words = name
      .normalize("NFKD")
      .split(/[^A-Za-z0-9]+/)
      .filter((word) => word !== "");
    const pascal = words
      .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
      .join("");
    const base = `${/^[A-Za-z]/.test(pascal) ? pascal : `T${pascal}`}${suffix}`;
    let wanted = base;
    for (let count = 2; this.#taken.has(wanted); count++) wanted = `${base}${count}`;
    this.#taken.add(wanted);
    return wanted;
  }
}
