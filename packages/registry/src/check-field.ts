import type { BlueprintOutput, BlueprintScalar, ValueFormat, ValueRule } from "./blueprint.ts";
import type { Checking } from "./check-shape.ts";
import { spotOf } from "./check-value-rule.ts";
import { formatColumnType } from "./column-type.ts";
import { quoted } from "./problem.ts";
import type { ColumnType } from "./registry.ts";
import type { Located } from "./yaml-node.ts";

type Kind = ColumnType["kind"];

interface CheckedField {
  readonly at: Located;
  readonly rule: ValueRule;
  /** Of the source; undefined for a constant and for what is inside of JSON. */
  readonly from: ColumnType | undefined;
  /** The vendor's, if the file gives it. */
  readonly type: ColumnType | undefined;
  readonly width: number | undefined;
  readonly output: BlueprintOutput["format"];
}

/** Reports a field that no record could have, or not for a value that the file itself gives. */
export function checkField(field: CheckedField, checking: Checking): void {
  const { at, rule, from, type } = field;
  const { format, values } = rule;
  const fail = (key: string, message: string | undefined, hint?: string): void => {
    if (message !== undefined) checking.problems.error(spotOf(at, key), "conflict", message, hint);
  };
  if (type !== undefined && format !== undefined) fail("format", formatFault(format, type));
  else if (type !== undefined && from !== undefined && values === undefined) {
    fail("type", castFault(from, type), 'say how with "format" or "values"');
  }
  checkLengths(field, fail);
  if (field.output !== "fixed-width") return;
  for (const [key, value] of givenValues(rule)) {
    if (/[\r\n]/.test(value))
      fail(key, `${quoted(value)} has a line end, which a line of fixed width cannot hold`);
  }
}

/** A type that is no text must be able to read what the format prints. */
function formatFault(format: ValueFormat, type: ColumnType): string | undefined {
  if (type.kind === "text" && type.dimensions === 0) return undefined;
  const fits =
    format.kind === "number"
      ? isNumber(type.kind) &&
        format.decimalMark === "." &&
        format.groupMark === "" &&
        format.digits === undefined
      : format.kind === "date" && type.kind === "date" && format.pattern === "YYYY-MM-DD";
  return fits && type.dimensions === 0
    ? undefined
    : `what the format prints is a text, not a ${formatColumnType(type)}`;
}

const integers: readonly Kind[] = ["int16", "int32", "int64"];
const numbers: readonly Kind[] = [...integers, "decimal", "float32", "float64"];
const isNumber = (kind: Kind): boolean => numbers.includes(kind);

/** What else values of a kind can be read as, at least some of them. Texts can be anything. */
const casts: Readonly<Partial<Record<Kind, readonly Kind[]>>> = {
  int16: [...numbers, "boolean", "json"],
  int32: [...numbers, "boolean", "json"],
  int64: [...numbers, "boolean", "json"],
  decimal: [...numbers, "json"],
  float32: [...numbers, "json"],
  float64: [...numbers, "json"],
  boolean: ["json"],
  date: ["timestamp"],
  timestamptz: ["timestamp"],
};

function castFault(from: ColumnType, to: ColumnType): string | undefined {
  const isText = to.kind === "text" && to.dimensions === 0;
  const isPlain = from.dimensions === 0 && ["text", "enum", "json"].includes(from.kind);
  const fits =
    isText ||
    isPlain ||
    (from.dimensions === to.dimensions &&
      (from.kind === to.kind || (casts[from.kind] ?? []).includes(to.kind)));
  return fits
    ? undefined
    : `no value of ${formatColumnType(from)} is one of ${formatColumnType(to)}`;
}

type Fail = (key: string, message: string | undefined) => void;

function checkLengths({ at, rule, from, type, width }: CheckedField, fail: Fail): void {
  const room = type?.kind === "text" && type.dimensions === 0 ? type.length : undefined;
  const most = Math.min(width ?? Infinity, room ?? Infinity);
  if (most === Infinity) return;
  const limit = most === width ? `the width ${most}` : `${most} characters`;
  const { format, values } = rule;
  const printed = format === undefined ? undefined : leastLength(format);
  if (printed !== undefined && printed > most)
    fail("format", `what the format prints has at least ${printed} characters, more than ${limit}`);
  const plain = format === undefined && values === undefined ? plainLength(from) : 0;
  if (plain > most && from !== undefined)
    fail(
      at.node.kind === "map" && width === most ? "width" : "type",
      `a ${from.name} has ${isAtLeast(from) ? "at least " : ""}${plain} characters, more than ${limit}`,
    );
  // What is too long for the type is reported as no value of it.
  if (width === undefined) return;
  for (const [key, value] of givenValues(rule)) {
    if (Array.from(value).length > width)
      fail(key, `${quoted(value)} is longer than the width ${width}`);
  }
}

const isAtLeast = ({ kind }: ColumnType): boolean => kind !== "uuid" && kind !== "boolean";

/** How many characters the shortest value has that the format prints. */
function leastLength(format: ValueFormat): number {
  switch (format.kind) {
    case "date":
      return Array.from(format.pattern).length;
    case "pad":
      return format.length;
    case "case":
      return 0;
    case "number":
      break;
  }
  const { digits = 1, decimals = 0, decimalMark, groupMark } = format;
  const marks = groupMark === "" ? 0 : Math.floor((digits - 1) / 3);
  return digits + marks + (decimals === 0 ? 0 : decimals + decimalMark.length);
}

/** How many characters each value of a type has as it is, at least. */
function plainLength(type: ColumnType | undefined): number {
  if (type === undefined || type.dimensions > 0) return 0;
  if (type.kind === "enum")
    return Math.min(...type.values.map((value) => Array.from(value).length));
  return plainLengths[type.kind] ?? 0;
}

/** Of what is shortest: `infinity`, `true`, `04:05:06`. */
const plainLengths: Readonly<Partial<Record<Kind, number>>> = {
  uuid: 36,
  boolean: 4,
  date: 8,
  time: 8,
  timestamp: 8,
  timestamptz: 8,
};

/** The texts that the file itself gives, with the keys that they stand under. */
function givenValues({
  origin,
  values,
  otherwise,
  ...rule
}: ValueRule): readonly (readonly [key: string, value: string])[] {
  const given: readonly (readonly [string, BlueprintScalar | undefined])[] = [
    ["constant", origin.kind === "constant" ? origin.value : undefined],
    ["default", rule.default],
    ["otherwise", typeof otherwise === "object" ? otherwise.value : undefined],
    ...[...(values?.values() ?? [])].map((value) => ["values", value] as const),
  ];
  return given.flatMap(([key, value]) =>
    value === undefined || value === null ? [] : [[key, String(value)] as const],
  );
}
