import type { Column, ColumnFormat, ColumnType, FirestoreType } from "@ctb-data/registry";
import { re2Pattern } from "./re2-pattern.ts";
import { ruleNumber, ruleText, ruleTexts } from "./rules-source.ts";

/** What rules know of a type. Undefined where they have no word for it: a vector is what it is. */
const typeChecks: Readonly<Record<FirestoreType, string | undefined>> = {
  any: undefined,
  array: "list",
  boolean: "bool",
  bytes: "bytes",
  // Apps write 1.0 as an integer.
  double: "number",
  geopoint: "latlng",
  integer: "int",
  map: "map",
  reference: "path",
  string: "string",
  timestamp: "timestamp",
  vector: undefined,
};

/** The conditions of a value (not null) of a field that no column has. */
export function ownValueChecks(value: string, type: FirestoreType): readonly string[] {
  const check = typeChecks[type];
  return check === undefined ? [] : [`${value} is ${check}`];
}

/**
 * The conditions that a value (not null) has to meet to be one of the column, in a field of this type: what can be said
 * in rules. The models check the rest.
 */
export function valueChecks(value: string, column: Column, type: FirestoreType): readonly string[] {
  if (column.type.dimensions > 0) return arrayChecks(value, column, type);
  switch (type) {
    case "string":
      return stringChecks(value, column);
    case "integer":
    case "double":
      return [...ownValueChecks(value, type), ...boundChecks(value, boundsOf(column))];
    case "timestamp":
      // Infinity, BC and years beyond 9999 are texts.
      return [`(${value} is timestamp || ${matches(value, ".*infinity|.* BC|[0-9]{5,}-.*")})`];
    case "any":
    case "array":
    case "boolean":
    case "bytes":
    case "geopoint":
    case "map":
    case "reference":
    case "vector":
    default:
      return ownValueChecks(value, type);
  }
}

function arrayChecks(value: string, column: Column, type: FirestoreType): readonly string[] {
  const values = column.type.kind === "enum" ? column.type.values : column.oneOf;
  if (values === undefined || type !== "array") return ownValueChecks(value, type);
  // There are no loops in rules; a list of what is allowed needs none.
  return [`${value}.hasOnly([${[...values.map(ruleText), "null"].join(", ")}])`];
}

function stringChecks(value: string, column: Column): readonly string[] {
  const { type } = column;
  switch (type.kind) {
    case "enum":
      return [`${value} in ${ruleTexts(type.values)}`];
    case "text":
      return textChecks(value, column);
    case "uuid":
      return [matches(value, "(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")];
    case "int16":
    case "int32":
    case "int64":
      return [
        matches(value, "0|-?[1-9][0-9]{0,18}"),
        ...boundChecks(`int(${value})`, boundsOf(column)),
      ];
    case "decimal":
      return [
        matches(value, `${decimalPattern(type)}|NaN|-?Infinity`),
        ...boundChecks(`float(${value})`, column),
      ];
    case "date":
      return [matches(value, "-?infinity|[0-9]{4,7}-[0-9]{2}-[0-9]{2}( BC)?")];
    case "time":
      return [matches(value, "[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?")];
    case "timestamp":
    case "timestamptz":
      return [matches(value, "-?infinity|[0-9]{4,6}-[0-9]{2}-[0-9]{2}[T ].+")];
    case "boolean":
    case "bytes":
    case "float32":
    case "float64":
    case "inet":
    case "interval":
    case "json":
    default:
      return ownValueChecks(value, "string");
  }
}

function decimalPattern({
  precision,
  scale = 0,
}: {
  readonly precision?: number;
  readonly scale?: number;
}): string {
  if (precision === undefined || scale < 0 || scale > precision)
    return "[-+]?[0-9]*[.]?[0-9]*([eE][-+]?[0-9]+)?";
  // PostgreSQL rounds what has more digits behind the point.
  return `[-+]?0*[0-9]{0,${precision - scale}}([.][0-9]*)?`;
}

/** Longer repetitions than this RE2 does not have; so many of them are joined. */
const repetition = 1000;
const mostRepetitions = 4;

function textChecks(value: string, column: Column): readonly string[] {
  const { type, min = 0, max = Infinity, pattern, format, oneOf } = column;
  if (oneOf !== undefined) return [`${value} in ${ruleTexts(oneOf)}`];
  const length =
    type.kind === "enum" ? undefined : (type.length ?? (type.name === "char" ? 1 : undefined));
  const most = Math.min(max, length ?? Infinity);
  const checks: string[] = [];
  if (most <= repetition * mostRepetitions && min <= repetition) {
    checks.push(matches(value, lengthPattern(Math.min(min, most), most)));
  } else {
    if (most < Infinity) checks.push(`${value}.size() <= ${most}`);
    if (min > 0) checks.push(`${value}.size() >= ${min}`);
  }
  if (format !== undefined) checks.push(matches(value, formats[format]));
  const translated = pattern === undefined ? undefined : re2Pattern(pattern);
  if (translated !== undefined) checks.push(matches(value, translated));
  // What matches is a string; what has a size may be a list.
  return checks.some((check) => check.includes(".matches("))
    ? checks
    : [`${value} is string`, ...checks];
}

/** As PostgreSQL counts, in code points: size() takes 😀 for two. */
function lengthPattern(min: number, max: number): string {
  const parts = Array.from({ length: Math.ceil(max / repetition) }, (_, index) => {
    const left = max - index * repetition;
    return `.{${index === 0 ? min : 0},${Math.max(Math.min(left, repetition), index === 0 ? min : 0)}}`;
  });
  return `(?s)${parts.join("")}`;
}

/** Not more than the models refuse: they know better. */
const formats: Readonly<Record<ColumnFormat, string>> = {
  email: "[^@ ]+@[^@ ]+[.][^@ ]+",
  url: "(?i)https?:.+",
  uri: "(?i)[a-z][a-z0-9+.-]*:.*",
  hostname: "[0-9A-Za-z.-]{1,255}",
  ipv4: "([0-9]{1,3}[.]){3}[0-9]{1,3}",
  ipv6: "[0-9A-Fa-f:.]{2,45}(%.+)?",
  phone: "[+][1-9][0-9]{5,14}",
  slug: "[0-9a-z]+(-[0-9a-z]+)*",
};

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

function boundsOf({ type, min = -Infinity, max = Infinity }: Column): Bounds {
  const bits: Readonly<Partial<Record<ColumnType["kind"], number>>> = { int16: 15, int32: 31 };
  const limit = 2 ** (bits[type.kind] ?? Infinity);
  return { min: Math.max(min, -limit), max: Math.min(max, limit - 1) };
}

function boundChecks(value: string, { min, max }: Bounds): readonly string[] {
  return [
    ...(isBound(min) ? [`${value} >= ${ruleNumber(min)}`] : []),
    ...(isBound(max) ? [`${value} <= ${ruleNumber(max)}`] : []),
  ];
}

function isBound(bound: number | undefined): bound is number {
  return bound !== undefined && Number.isFinite(bound);
}

function matches(value: string, pattern: string): string {
  return `${value}.matches(${ruleText(pattern)})`;
}
