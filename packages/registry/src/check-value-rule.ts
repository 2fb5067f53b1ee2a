import type { BlueprintScalar, ConstantOrigin, ValueOrigin, ValueRule } from "./blueprint.ts";
import { describe, type Checking } from "./check-shape.ts";
import { formatColumnType } from "./column-type.ts";
import { quoted, suggestion } from "./problem.ts";
import type { ColumnType } from "./registry.ts";
import { checkFormat, valueFormatOf } from "./value-format.ts";
import { childOf, entriesOf, isMapAt, sourceOf, type Located } from "./yaml-node.ts";

/** The keys of a rule that do not depend on its direction. */
interface RuleData {
  readonly required?: boolean | undefined;
  readonly default?: BlueprintScalar | undefined;
  readonly otherwise?: "keep" | "reject" | { readonly value: BlueprintScalar } | undefined;
  readonly trim?: boolean | undefined;
}

interface RuleContext {
  readonly at: Located;
  readonly data: RuleData;
  readonly origin: ValueOrigin | ConstantOrigin;
  /** Of the values that go in; undefined when that is not known, as for a vendor's column or inside of JSON. */
  readonly from: ColumnType | undefined;
  /** Of the values that come out. */
  readonly to: ColumnType | undefined;
  /** The side whose type `format` is about: the canonical one. */
  readonly canonical: ColumnType | undefined;
}

/** Reads values, format and the rest of a rule, and reports what does not fit the types on its two sides. */
export function valueRuleOf(context: RuleContext, checking: Checking): ValueRule {
  const { at, data, origin, to } = context;
  const values = isMapAt(at) ? childOf(at, "values") : undefined;
  const format = isMapAt(at) ? childOf(at, "format") : undefined;
  const map = values === undefined ? undefined : valuesOf(values, context, checking);
  const parsed = format === undefined ? undefined : valueFormatOf(format, checking);
  if (
    parsed !== undefined &&
    format !== undefined &&
    context.canonical !== undefined &&
    map === undefined
  ) {
    checkFormat(parsed, context.canonical, { at: format, checking });
  }
  if (data.otherwise !== undefined && values === undefined) {
    checking.problems.error(
      spotOf(at, "otherwise"),
      "conflict",
      '"otherwise" means nothing without "values"',
    );
  }
  if (origin.kind === "constant")
    checkScalar(origin.value, to, { at: spotOf(at, "constant"), checking });
  if (data.default !== undefined)
    checkScalar(data.default, to, { at: spotOf(at, "default"), checking });
  if (typeof data.otherwise === "object") {
    checkScalar(data.otherwise.value, to, { at: spotOf(at, "otherwise"), checking });
  }
  return {
    origin,
    required: data.required ?? false,
    ...(data.default === undefined ? {} : { default: data.default }),
    ...(map === undefined ? {} : { values: map, otherwise: data.otherwise ?? "reject" }),
    ...(parsed === undefined ? {} : { format: parsed }),
    trim: data.trim ?? false,
    source: sourceOf(at),
  };
}

/** The place of a key's value, or of the whole. */
export function spotOf(at: Located, key: string): Located {
  return isMapAt(at) ? (childOf(at, key) ?? at) : at;
}

function valuesOf(
  at: Located,
  { from, to, data }: RuleContext,
  checking: Checking,
): ReadonlyMap<string, BlueprintScalar> | undefined {
  const { problems } = checking;
  if (at.node.kind !== "map") {
    problems.error(at, "wrong-value", `must be a map of values, not ${describe(at.node)}`);
    return undefined;
  }
  const values = new Map<string, BlueprintScalar>();
  for (const [key, place] of entriesOf(at)) {
    if (place.node.kind !== "scalar") {
      problems.error(
        place,
        "wrong-value",
        `must be a text, a number, true, false or null, not ${describe(place.node)}`,
      );
      continue;
    }
    if (from?.kind === "enum" && !from.values.includes(key)) {
      problems.error(
        place,
        "unknown-name",
        `the enum ${quoted(from.name)} has no value ${quoted(key)}${suggestion(key, from.values)}`,
      );
    }
    checkScalar(place.node.value, to, { at: place, checking });
    values.set(key, place.node.value);
  }
  const missing = from?.kind === "enum" ? from.values.filter((value) => !values.has(value)) : [];
  if (missing.length > 0 && data.otherwise === undefined) {
    problems.warning(
      at,
      "missing-key",
      `records with ${missing.map(quoted).join(", ")} will be rejected`,
      'add them, or say what is to be done with "otherwise"',
    );
  }
  return values;
}

/** Reports a value of the file that a column or field of the type cannot hold. */
export function checkScalar(
  value: BlueprintScalar,
  type: ColumnType | undefined,
  { at, checking }: { readonly at: Located; readonly checking: Checking },
): void {
  const fault = type === undefined || value === null ? undefined : scalarFault(value, type);
  if (fault !== undefined) checking.problems.error(at, "wrong-value", fault);
}

const integerKinds = new Set<ColumnType["kind"]>(["int16", "int32", "int64"]);
const numberKinds = new Set<ColumnType["kind"]>([...integerKinds, "decimal", "float32", "float64"]);

const integerBits: Readonly<Partial<Record<ColumnType["kind"], number>>> = {
  int16: 16,
  int32: 32,
  int64: 64,
};

/** Whether a whole number is beyond the integers of its type. */
function isOutOfRange(value: string | number | boolean, { kind }: ColumnType): boolean {
  const bits = integerBits[kind];
  return bits !== undefined && BigInt.asIntN(bits, BigInt(value)) !== BigInt(value);
}

function scalarFault(value: string | number | boolean, type: ColumnType): string | undefined {
  const shown = typeof value === "string" ? quoted(value) : String(value);
  if (type.dimensions > 0 || type.kind === "json") return undefined;
  if (type.kind === "enum") {
    if (typeof value === "string" && type.values.includes(value)) return undefined;
    return `the enum ${quoted(type.name)} has no value ${shown}${suggestion(String(value), type.values)}`;
  }
  const isNumber =
    typeof value === "number" || (typeof value === "string" && /^-?\d+(?:\.\d+)?$/.test(value));
  const fits = integerKinds.has(type.kind)
    ? /^-?\d+$/.test(String(value))
    : numberKinds.has(type.kind)
      ? isNumber
      : type.kind !== "boolean" || typeof value === "boolean";
  if (!fits || isOutOfRange(value, type)) {
    return `${shown} is not a value of ${formatColumnType(type)}`;
  }
  if (type.length === undefined || Array.from(String(value)).length <= type.length)
    return undefined;
  return `${shown} is too long for ${formatColumnType(type)}`;
}
