import { columnTypes, type ColumnTypeName, type ValueKind } from "./column-types.ts";
import { nearest, quoted, suggestion } from "./problem.ts";
import type { ColumnType, EnumType } from "./registry.ts";

/** The type as SQL spells it: `varchar(255)`, `numeric(10,2)[]`, `timestamp(3)`. The name of an enum is not quoted. */
export function formatColumnType(type: ColumnType): string {
  const array = "[]".repeat(type.dimensions);
  if (type.kind === "enum") return type.name + array;
  const { length, precision, scale } = type;
  // `char` alone is `char(1)`; without a limit the type is called bpchar.
  if (type.name === "char" && length === undefined) return `bpchar${array}`;
  const parameters = [length, precision, scale].filter((parameter) => parameter !== undefined);
  return type.name + (parameters.length === 0 ? "" : `(${parameters.join(",")})`) + array;
}

/** Whether a column of the type counts up by itself. */
export function isSerial(type: ColumnType): boolean {
  return type.kind !== "enum" && "serial" in columnTypes[type.name];
}

/** What a text means as a type, or what is wrong with it. */
export type ParsedColumnType =
  | { readonly type: ColumnType }
  | { readonly message: string; readonly hint?: string };

/** Facts about a type, without the literal types of the table. */
interface Facts {
  readonly kind: ValueKind;
  readonly aliases?: readonly string[];
  readonly parameters?: "none" | "length" | "precision" | "precision-and-scale";
  readonly serial?: true;
}

const names = new Map<string, ColumnTypeName>(
  typedEntries().flatMap(([name, facts]) => [
    [name, name] as const,
    ...(facts.aliases ?? []).map((alias) => [alias, name] as const),
  ]),
);

/** Whether a column's type of this name is one of PostgreSQL's, not an enum of the registry. */
export function isBuiltIn(name: string): boolean {
  return names.has(name.toLowerCase());
}

function typedEntries(): readonly (readonly [ColumnTypeName, Facts])[] {
  const known: readonly string[] = Object.keys(columnTypes);
  return known.filter(isColumnTypeName).map((name) => [name, columnTypes[name]]);
}

function isColumnTypeName(name: string): name is ColumnTypeName {
  return Object.hasOwn(columnTypes, name);
}

/** PostgreSQL's types that registries have no name for, and what to use in their place. */
const instead: Readonly<Record<string, string>> = {
  citext: "use text, with an index on lower(…)",
  money: "use numeric",
  smallserial: "use serial",
  timetz: "use timestamptz, or time and a column for the zone",
  "time with time zone": "use timestamptz, or time and a column for the zone",
  string: "use text or varchar(n)",
  datetime: "use timestamptz or timestamp",
  object: "use jsonb",
  map: "use jsonb",
  number: "use integer, numeric or double precision",
  blob: "use bytea",
  binary: "use bytea",
};

/** How often the same few types come; parsing 20,000 of them takes as long as all other checks. */
const parsed = new WeakMap<ReadonlyMap<string, EnumType>, Map<string, ParsedColumnType>>();

/** Reads a type as PostgreSQL spells it, in any case and with its aliases; or the name of one of the enums. */
export function parseColumnType(
  text: string,
  enums: ReadonlyMap<string, EnumType>,
): ParsedColumnType {
  let known = parsed.get(enums);
  if (known === undefined) parsed.set(enums, (known = new Map<string, ParsedColumnType>()));
  const before = known.get(text);
  if (before !== undefined) return before;
  const result = parse(text, enums);
  known.set(text, result);
  return result;
}

const arraySuffix = /\s*\[\s*\d*\s*\]\s*$/;

function parse(text: string, enums: ReadonlyMap<string, EnumType>): ParsedColumnType {
  if (text.length > 200) return { message: "the type is too long" };
  let element = text.trim();
  let dimensions = 0;
  while (arraySuffix.test(element)) {
    element = element.replace(arraySuffix, "");
    dimensions += 1;
  }
  if (dimensions > 6) return { message: "an array has at most 6 dimensions" };
  const found = enums.get(element);
  if (found !== undefined) {
    return { type: { name: found.name, kind: "enum", values: found.values, dimensions } };
  }
  // The parameters may stand inside of the name: timestamp(3) with time zone.
  const match = /^([^()]*)(?:\(([^()]*)\)([^()]*))?$/.exec(element);
  if (match === null) {
    const hint = 'between { and } a type with a comma needs quotes, as in "numeric(10,2)"';
    return { message: `the type ${quoted(text)} has brackets that do not fit`, hint };
  }
  const [, head = "", inside, tail = ""] = match;
  const written = `${head} ${tail}`.toLowerCase().trim().replaceAll(/\s+/g, " ");
  const name = names.get(written);
  if (name === undefined) return unknownType(element, written, enums);
  const parameters = inside === undefined ? [] : inside.split(",").map((part) => part.trim());
  return builtIn({ written, name, parameters, dimensions });
}

function unknownType(
  text: string,
  written: string,
  enums: ReadonlyMap<string, EnumType>,
): ParsedColumnType {
  const near = nearest(text, enums.keys()) ?? nearest(written, names.keys());
  const replacement = Object.hasOwn(instead, written) ? instead[written] : undefined;
  const message = `unknown type ${quoted(text)}`;
  if (replacement !== undefined) return { message, hint: replacement };
  if (near !== undefined) return { message: message + suggestion(near, [near]) };
  return {
    message,
    hint: `known are ${Object.keys(columnTypes).join(", ")} and the enums of the registry`,
  };
}

interface Written {
  readonly written: string;
  readonly name: ColumnTypeName;
  readonly parameters: readonly string[];
  readonly dimensions: number;
}

function builtIn(type: Written): ParsedColumnType {
  const { written, parameters, dimensions } = type;
  const facts: Facts = columnTypes[type.name];
  if (facts.serial === true && dimensions > 0) {
    return {
      message: `an array of ${type.name} is not possible`,
      hint: "use integer[] or bigint[]",
    };
  }
  const numbers = parameters.map(Number);
  if (!parameters.every((parameter) => /^-?\d{1,9}$/.test(parameter))) {
    return { message: `the parameters of ${type.name} must be whole numbers` };
  }
  if (written === "float" && numbers.length > 0) return float(type, numbers);
  const name = type.name;
  const base = { name, kind: columnTypes[name].kind, dimensions };
  switch (facts.parameters) {
    case undefined:
    case "none":
      if (numbers.length > 0) return { message: `${name} takes no parameters` };
      return { type: base };
    case "length": {
      const [length = written === "char" || written === "character" ? 1 : undefined] = numbers;
      if (length === undefined) return { type: base };
      const fault = numberFault(`the length of ${name}`, numbers, [1, 10_485_760]);
      return fault ?? { type: { ...base, length } };
    }
    case "precision": {
      const [precision] = numbers;
      if (precision === undefined) return { type: base };
      const fault = numberFault(`the precision of ${name}`, numbers, [0, 6]);
      return fault ?? { type: { ...base, precision } };
    }
    case "precision-and-scale":
      break;
  }
  return decimal(base, numbers);
}

function decimal(
  base: { name: ColumnTypeName; kind: Exclude<ColumnType["kind"], "enum">; dimensions: number },
  numbers: readonly number[],
): ParsedColumnType {
  const [precision, scale = 0, ...more] = numbers;
  if (precision === undefined) return { type: base };
  const fault =
    numberFault("the precision of numeric", [precision], [1, 1000]) ??
    numberFault("the scale of numeric", [scale, ...more], [-1000, 1000]);
  return fault ?? { type: { ...base, precision, scale } };
}

/** PostgreSQL's `float(p)`: real up to 24 bits, double precision up to 53. */
function float(type: Written, numbers: readonly number[]): ParsedColumnType {
  const fault = numberFault("the precision of float", numbers, [1, 53]);
  if (fault !== undefined) return fault;
  const name = (numbers[0] ?? 53) <= 24 ? "real" : "double precision";
  return { type: { name, kind: columnTypes[name].kind, dimensions: type.dimensions } };
}

function numberFault(
  what: string,
  numbers: readonly number[],
  [low, high]: readonly [number, number],
): { readonly message: string } | undefined {
  if (numbers.length > 1) return { message: `${what} is one number` };
  if (numbers.every((number) => number >= low && number <= high)) return undefined;
  return { message: `${what} must be from ${low} to ${high}` };
}
