import { checkDefault } from "./check-default.ts";
import { encryptionOf } from "./check-encryption.ts";
import { checkColumnName } from "./check-name.ts";
import { checkShape, metaOf, plainOf } from "./check-shape.ts";
import { formatColumnType, isSerial, parseColumnType } from "./column-type.ts";
import { quoted, suggestion } from "./problem.ts";
import type { ColumnDraft, RegistryChecking } from "./registry-draft.ts";
import { columnHeadSchema } from "./registry-schema.ts";
import type { Column, ColumnType } from "./registry.ts";
import {
  childOf,
  isMapAt,
  itemsOf,
  keySpot,
  sourceOf,
  type Located,
  type LocatedMap,
} from "./yaml-node.ts";

type ColumnData = ColumnDraft["data"];

/** Checks one column by itself. `keys`: the columns of the table's primary key. Undefined when it cannot be read. */
export function draftColumn(
  at: Located,
  keys: ReadonlySet<string>,
  checking: RegistryChecking,
): ColumnDraft | undefined {
  if (!isMapAt(at)) {
    checkShape(columnHeadSchema, at, checking);
    return undefined;
  }
  const data = checkShape(columnHeadSchema, at, checking);
  if (data === undefined) return undefined;
  if (!checkColumnName(data.name, spotOf(at, "name"), checking.problems)) return undefined;
  const type = typeOf(data, at, checking);
  if (type === undefined) return undefined;
  const inKey = keys.has(data.name);
  const nullable = nullabilityOf({ data, at, type, inKey }, checking);
  checkDefault({ data, at, type }, checking);
  checkRules({ data, at, type }, checking);
  const encryption = encryptionOf({ data, at, type, inKey }, checking);
  const column: Column = {
    name: data.name,
    type,
    nullable,
    ...(typeof data.default === "string" || typeof data.default === "boolean"
      ? { default: String(data.default) }
      : {}),
    ...(Array.isArray(data.enum) ? { oneOf: data.enum } : {}),
    ...textsOf(data),
    examples: examplesOf(at, checking),
    ...(encryption === undefined ? {} : { encryption }),
    ...(data.deprecated === undefined || data.deprecated === false
      ? {}
      : { deprecated: data.deprecated }),
    meta: metaOf(childOf(at, "meta"), checking),
    source: sourceOf(at),
  };
  return { at, data, column };
}

/** The place of a key's value, or of the column itself. */
function spotOf(at: LocatedMap, key: string): Located {
  return childOf(at, key) ?? at;
}

function textsOf(data: ColumnData) {
  const { id, renamed_from, format, min, max, pattern, description, classification } = data;
  return {
    ...(id === undefined ? {} : { id }),
    ...(renamed_from === undefined ? {} : { renamedFrom: renamed_from }),
    ...(format === undefined ? {} : { format }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(description === undefined ? {} : { description }),
    ...(classification === undefined ? {} : { classification }),
  };
}

function examplesOf(at: LocatedMap, checking: RegistryChecking): readonly unknown[] {
  const examples = childOf(at, "examples");
  if (examples?.node.kind !== "list") return [];
  return itemsOf(examples).map((item) => plainOf(item, checking));
}

function typeOf(
  data: ColumnData,
  at: LocatedMap,
  checking: RegistryChecking,
): ColumnType | undefined {
  const { problems, enums, lostEnums } = checking;
  const named = typeof data.enum === "string" ? data.enum : undefined;
  if (named !== undefined && !enums.has(named)) {
    if (!lostEnums.has(named)) {
      problems.error(
        spotOf(at, "enum"),
        "unknown-name",
        `there is no enum ${quoted(named)}${suggestion(named, enums.keys())}`,
      );
    }
    return undefined;
  }
  const text = data.type ?? named;
  if (text === undefined) {
    if (!at.node.entries.has("type")) {
      problems.error(
        at,
        "missing-key",
        'the key "type" is missing',
        "such as text, integer or timestamptz",
      );
    }
    return undefined;
  }
  if (lostEnums.has(text.replace(/(?:\[\])+$/, ""))) return undefined;
  const parsed = parseColumnType(text, enums);
  if ("message" in parsed) {
    problems.error(spotOf(at, "type"), "unknown-type", parsed.message, parsed.hint);
    return undefined;
  }
  if (named !== undefined && parsed.type.name !== named) {
    problems.error(
      spotOf(at, "enum"),
      "conflict",
      `the type is ${quoted(text)}, but the enum ${quoted(named)}`,
      "leave the type out",
    );
  }
  return parsed.type;
}

interface Rules {
  readonly data: ColumnData;
  readonly at: LocatedMap;
  readonly type: ColumnType;
}

function nullabilityOf(
  { data, at, type, inKey }: Rules & { readonly inKey: boolean },
  { problems }: RegistryChecking,
): boolean {
  const { nullable, required } = data;
  if (nullable !== undefined && nullable === required) {
    const message = `nullable: ${nullable} and required: ${required} contradict each other`;
    problems.error(keySpot(at, "required"), "conflict", message, "leave one of them out");
  }
  const wanted = nullable ?? (required === undefined ? undefined : !required);
  const reason = inKey ? "is in the primary key" : isSerial(type) ? `is a ${type.name}` : undefined;
  if (reason === undefined) return wanted ?? true;
  if (wanted === true) {
    const key = nullable === undefined ? "required" : "nullable";
    problems.error(
      keySpot(at, key),
      "conflict",
      `a column that ${reason} cannot be null`,
      `leave "${key}" out`,
    );
  }
  return false;
}

const numbers = new Set<ColumnType["kind"]>([
  "int16",
  "int32",
  "int64",
  "decimal",
  "float32",
  "float64",
]);

function checkRules({ data, at, type }: Rules, { problems }: RegistryChecking): void {
  const isText = type.kind === "text";
  for (const key of ["format", "pattern", "enum"] as const) {
    if (data[key] === undefined || isText || (key === "enum" && typeof data.enum === "string"))
      continue;
    const hint =
      key === "enum" ? "give the type text, or declare an enum and name it" : `leave "${key}" out`;
    problems.error(
      keySpot(at, key),
      "conflict",
      `"${key}" is for texts, not for ${type.name}`,
      hint,
    );
  }
  for (const key of ["min", "max"] as const) {
    if (data[key] === undefined || isText || numbers.has(type.kind)) continue;
    problems.error(
      keySpot(at, key),
      "conflict",
      `"${key}" is for numbers and texts, not for ${type.name}`,
    );
  }
  if (data.min !== undefined && data.max !== undefined && data.min > data.max) {
    problems.error(
      keySpot(at, "min"),
      "conflict",
      `min: ${data.min} is greater than max: ${data.max}`,
    );
  }
  if (isText) checkLengths({ data, at, type }, problems);
  if (data.pattern !== undefined && !isPattern(data.pattern)) {
    problems.error(
      spotOf(at, "pattern"),
      "wrong-value",
      `${quoted(data.pattern)} is not a regular expression of ECMAScript with the flag u`,
    );
  }
}

/** `min` and `max` of a text are lengths. */
function checkLengths({ data, at, type }: Rules, problems: RegistryChecking["problems"]): void {
  for (const key of ["min", "max"] as const) {
    const length = data[key];
    if (length === undefined || (Number.isInteger(length) && length >= 0)) continue;
    const message = `"${key}" of a text is a length, which ${length} is not`;
    problems.error(keySpot(at, key), "wrong-value", message);
  }
  const room = type.kind === "enum" ? undefined : type.length;
  if (room === undefined || data.min === undefined || data.min <= room) return;
  const message = `min: ${data.min} is more than a ${formatColumnType(type)} can hold`;
  problems.error(keySpot(at, "min"), "conflict", message);
}

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern, "u") instanceof RegExp;
  } catch {
    return false;
  }
}
