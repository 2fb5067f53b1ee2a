import { exactScalarOf } from "./blueprint-data.ts";
import type {
  BlueprintScalar,
  ConstantOrigin,
  ValueFormat,
  ValueOrigin,
  ValueRule,
} from "./blueprint.ts";
import { checkFormat } from "./check-format.ts";
import { checkScalar, type ScalarTarget } from "./check-scalar.ts";
import { describe, type Checking } from "./check-shape.ts";
import { quoted, suggestion } from "./problem.ts";
import type { ColumnType } from "./registry.ts";
import { valueFormatOf } from "./value-format.ts";
import {
  childOf,
  entriesOf,
  isMapAt,
  keySpot,
  sourceOf,
  type Located,
  type LocatedMap,
} from "./yaml-node.ts";

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
  /** The only ones of these that come, where the blueprint says so. */
  readonly only?: readonly BlueprintScalar[] | undefined;
  /** What the values that come out must fit. */
  readonly to: ScalarTarget | undefined;
  /** The side whose type `format` is about: the canonical one. */
  readonly canonical: ColumnType | undefined;
  /** The format is read, not printed. */
  readonly isRead: boolean;
}

/** Reads values, format and the rest of a rule, and reports what does not fit the types on its two sides. */
export function valueRuleOf(context: RuleContext, checking: Checking): ValueRule {
  const { at, data, origin, to } = context;
  const values = isMapAt(at) ? childOf(at, "values") : undefined;
  const map = values === undefined ? undefined : valuesOf(values, context, checking);
  const format = formatOf(context, checking);
  checkMeaning(context, checking);
  const check = (key: string, value: BlueprintScalar | undefined): void => {
    if (value !== undefined) checkScalar(value, to, { at: spotOf(at, key), checking });
  };
  if (origin.kind === "constant") check("constant", origin.value);
  const standIn = data.default === undefined ? undefined : scalarAt(at, ["default"], data.default);
  check("default", standIn);
  const otherwise =
    typeof data.otherwise === "object"
      ? { value: scalarAt(at, ["otherwise", "value"], data.otherwise.value) }
      : data.otherwise;
  if (typeof otherwise === "object") check("otherwise", otherwise.value);
  checkJsonNumbers(context, checking);
  return {
    origin,
    required: data.required ?? false,
    ...(standIn === undefined ? {} : { default: standIn }),
    ...(map === undefined ? {} : { values: map, otherwise: otherwise ?? "reject" }),
    ...(format === undefined ? {} : { format }),
    trim: data.trim ?? false,
    source: sourceOf(at),
  };
}

/** A value of the file as it is written, of which the schema may have another form. */
export function scalarAt(
  at: Located,
  [key, ...keys]: readonly string[],
  read: BlueprintScalar,
): BlueprintScalar {
  const child = key !== undefined && isMapAt(at) ? childOf(at, key) : undefined;
  if (child !== undefined) return scalarAt(child, keys, read);
  return at.node.kind === "scalar" ? exactScalarOf(at.node) : read;
}

/** Reports a number for JSON that is not written as JSON prints it: it would be a text there. */
function checkJsonNumbers({ at, to }: RuleContext, { problems }: Checking): void {
  if (to?.type.kind !== "json" || to.type.dimensions > 0) return;
  for (const key of ["constant", "default", "otherwise", "values"]) {
    const given = isMapAt(at) ? childOf(at, key) : undefined;
    const spots =
      given?.node.kind === "map" ? [...entriesOf(given)].map(([, spot]) => spot) : [given];
    for (const spot of spots) {
      if (spot?.node.kind !== "scalar" || typeof spot.node.value !== "number") continue;
      const { text, value } = spot.node;
      if (String(value) === text) continue;
      const message = `the number ${text.slice(0, 40)} cannot be kept as it is in JSON`;
      problems.error(spot, "wrong-value", message, `write ${value}, or a text in quotes`);
    }
  }
}

function formatOf(
  { at, canonical, isRead }: RuleContext,
  checking: Checking,
): ValueFormat | undefined {
  const place = isMapAt(at) ? childOf(at, "format") : undefined;
  const format = place === undefined ? undefined : valueFormatOf(place, checking);
  if (place !== undefined && format !== undefined && canonical !== undefined) {
    checkFormat(format, canonical, { at: place, checking, isRead });
  }
  return format;
}

/** Reports keys that never have an effect, and rules that reject every record. */
function checkMeaning({ at, data, origin }: RuleContext, { problems }: Checking): void {
  if (!isMapAt(at)) return;
  const has = (key: string): boolean => at.node.entries.has(key);
  if (has("otherwise") && !has("values")) {
    const message = '"otherwise" means nothing without "values"';
    problems.error(spotOf(at, "otherwise"), "conflict", message);
  }
  if (has("values") && has("format") && data.otherwise !== "keep") {
    problems.error(
      keySpot(at, "format"),
      "conflict",
      '"format" means nothing beside "values": it is for those that "otherwise: keep" keeps',
    );
  }
  const required = childOf(at, "required")?.node;
  const isRequired = required?.kind === "scalar" && required.value === true;
  if (isRequired && data.default === null) {
    const message = '"required" rejects the null that "default" gives';
    problems.error(spotOf(at, "default"), "conflict", message);
  }
  if (origin.kind !== "constant") return;
  if (isRequired && origin.value === null) {
    problems.error(spotOf(at, "constant"), "conflict", '"required" rejects the null of "constant"');
  }
  // A second source is reported as that.
  if (has("from")) return;
  for (const key of ["path", "values", "otherwise", "format", "default", "trim"]) {
    if (has(key))
      problems.error(keySpot(at, key), "conflict", `"${key}" means nothing for a constant`);
  }
}

/** The place of a key's value, or of the whole. */
export function spotOf(at: Located, key: string): Located {
  return isMapAt(at) ? (childOf(at, key) ?? at) : at;
}

function valuesOf(
  at: Located,
  { from, only, to, data }: RuleContext,
  checking: Checking,
): ReadonlyMap<string, BlueprintScalar> | undefined {
  const { problems } = checking;
  if (!isMapAt(at)) {
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
    checkSourceValue(key, from, { at: place, checking });
    const value = exactScalarOf(place.node);
    checkScalar(value, to, { at: place, checking });
    values.set(key, value);
  }
  checkSameValues(at, from, checking);
  if (values.size === 0) problems.error(at, "wrong-value", "must not be empty");
  const coming = only === undefined ? undefined : new Set(only.map(String));
  const missing = (from === undefined ? [] : knownValues(from)).filter(
    (value) => !values.has(value) && coming?.has(value) !== false,
  );
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

/** Reports keys that are one value, and one that looks like NULL. */
function checkSameValues(
  at: LocatedMap,
  from: ColumnType | undefined,
  { problems }: Checking,
): void {
  const seen = new Map<string, string>();
  for (const key of at.node.entries.keys()) {
    const value = plainValueOf(key, from);
    const before = seen.get(value);
    if (before !== undefined) {
      const message = `${quoted(key)} and ${quoted(before)} are one value of ${from?.name ?? "a text"}`;
      problems.error(keySpot(at, key), "duplicate-name", message);
    }
    seen.set(value, key);
    if (key === "null" && from?.kind === "text")
      problems.warning(
        keySpot(at, key),
        "wrong-value",
        '"null" is the text of four letters, not NULL',
        'for NULL there is "default"',
      );
  }
}

/** One spelling for all texts of a number. */
function plainValueOf(key: string, from: ColumnType | undefined): string {
  const parts = /^(?<sign>[+-]?)0*(?<whole>\d+)(?:\.(?<fraction>\d*?)0*)?$/.exec(key)?.groups;
  if (parts === undefined || from === undefined || !numberKinds.has(from.kind)) return key;
  const { sign, whole, fraction = "" } = parts;
  return `${sign === "-" ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

const numberKinds: ReadonlySet<ColumnType["kind"]> = new Set([
  "int16",
  "int32",
  "int64",
  "decimal",
  "float32",
  "float64",
]);

/** All the values that a type has, if they can be told. */
function knownValues(type: ColumnType): readonly string[] {
  if (type.dimensions > 0) return [];
  if (type.kind === "enum") return type.values;
  return type.kind === "boolean" ? ["true", "false"] : [];
}

/** Reports a source value that never comes. */
function checkSourceValue(
  key: string,
  from: ColumnType | undefined,
  { at, checking }: { readonly at: Located; readonly checking: Checking },
): void {
  if (from === undefined) return;
  const known = knownValues(from);
  if (known.length === 0) return checkScalar(key, { type: from }, { at, checking });
  if (known.includes(key)) return undefined;
  const what = from.kind === "enum" ? `the enum ${quoted(from.name)}` : "a boolean";
  checking.problems.error(
    at,
    "unknown-name",
    `${what} has no value ${quoted(key)}${suggestion(key, known)}`,
  );
}
