import { decoderOf, encoderOf } from "@ctb-data/models";

/** Reads and prints JSON without losing a digit or the sign of a zero. */
const json = { name: "json", kind: "json", dimensions: 0 } as const;
const parse = decoderOf(json);
const print = encoderOf(json);

/** A change of one value in a document. */
export interface LineChange {
  /** Names of fields, and places in arrays. */
  readonly place: readonly (string | number)[];
  /** As Firestore's REST has it; undefined removes it. */
  readonly value: unknown;
}

/** A raw line with some other values, without its times. Places that are not there are left alone, but for those of fields. */
export function changedLine(line: string, changes: readonly LineChange[]): string {
  const document = parse(line);
  const fields = changes.reduce<unknown>(
    (all, { place, value }) => changedFields(all, place, value),
    memberOf(document, "fields") ?? {},
  );
  return print({ name: memberOf(document, "name"), fields });
}

/** The value of a field in a raw line, as Firestore's REST has it. */
export function fieldOfLine(line: string, field: string): unknown {
  return memberOf(memberOf(parse(line), "fields"), field);
}

function changedFields(
  fields: unknown,
  [name, ...below]: readonly (string | number)[],
  value: unknown,
): unknown {
  if (typeof name !== "string" || typeof fields !== "object" || fields === null) return fields;
  const old: unknown = Reflect.get(fields, name);
  if (below.length > 0 && old === undefined) return fields;
  const next = below.length === 0 ? value : changedValue(old, below, value);
  const others = Object.entries(fields).filter(([key]) => key !== name);
  return Object.fromEntries(next === undefined ? others : [...others, [name, next]]);
}

function changedValue(old: unknown, place: readonly (string | number)[], value: unknown): unknown {
  const map = memberOf(old, "mapValue");
  if (map !== undefined) {
    const fields = changedFields(memberOf(map, "fields") ?? {}, place, value);
    return { mapValue: { fields } };
  }
  const values = memberOf(memberOf(old, "arrayValue"), "values");
  const [index, ...below] = place;
  if (!Array.isArray(values) || typeof index !== "number") return old;
  const changed = values.map((item: unknown, at) => {
    if (at !== index) return item;
    return below.length === 0 ? (value ?? { nullValue: null }) : changedValue(item, below, value);
  });
  return { arrayValue: { values: changed } };
}

/** Whether two raw lines are the same document with the same values, to the bit; their times do not count. */
export function sameDocument(a: string | null, b: string | null): boolean {
  if (a === null || b === null) return a === b;
  const one = parse(a);
  const other = parse(b);
  return (
    memberOf(one, "name") === memberOf(other, "name") &&
    same(memberOf(one, "fields") ?? {}, memberOf(other, "fields") ?? {})
  );
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  return (
    Array.isArray(a) === Array.isArray(b) &&
    keys.length === Object.keys(b).length &&
    keys.every((key) => {
      const left: unknown = Reflect.get(a, key);
      return key === "timestampValue"
        ? sameTime(left, Reflect.get(b, key))
        : Object.hasOwn(b, key) && same(left, Reflect.get(b, key));
    })
  );
}

/** A time may be printed with more zeros. */
function sameTime(a: unknown, b: unknown): boolean {
  return shortTime(a) === shortTime(b);
}

function shortTime(time: unknown): string {
  const text = String(time);
  return text.includes(".") ? text.replace(/\.?0*Z$/, "Z") : text;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
