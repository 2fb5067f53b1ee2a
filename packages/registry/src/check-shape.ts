import { z } from "zod";
import { quoted, suggestion } from "./problem.ts";
import {
  childOf,
  isMapAt,
  itemsOf,
  keySpot,
  strayKeySpot,
  type Located,
  type LocatedMap,
  type Problems,
  type YamlNode,
} from "./yaml-node.ts";

/** What every check needs. */
export interface Checking {
  readonly problems: Problems;
  /** Unknown keys that are not near to a known one are errors. */
  readonly strict: boolean;
}

/**
 * The value at a place in the form that `schema` gives to it. Reports what does not fit. A key of the wrong kind is
 * left out and the rest is given all the same, so that other checks can go on; undefined when that is not enough.
 */
export function checkShape<T>(
  schema: z.ZodType<T>,
  at: Located,
  checking: Checking,
): T | undefined {
  checkKeys(schema, at, checking);
  const value = plainOf(withoutOpaque(schema, at), checking);
  const first = schema.safeParse(value);
  if (first.success) return first.data;
  const damaged = new Set<PropertyKey>();
  for (const issue of first.error.issues) {
    report(issue, at, checking);
    const [key] = issue.path;
    if (key !== undefined) damaged.add(key);
  }
  if (!isRecord(value) || damaged.size === 0) return undefined;
  const rest = Object.fromEntries(Object.entries(value).filter(([key]) => !damaged.has(key)));
  const second = schema.safeParse(rest);
  return second.success ? second.data : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The plain JavaScript value of a node. A number that a double would change is reported. */
export function plainOf(at: Located, checking: Checking): unknown {
  return plainValue(at.node, (node) =>
    checking.problems.error(
      { ...at, offset: node.offset },
      "wrong-value",
      `the number ${node.text.slice(0, 40)} has more digits than can be kept`,
      "write it in quotes",
    ),
  );
}

type OnInexact = (node: Extract<YamlNode, { kind: "scalar" }>) => void;

function plainValue(node: YamlNode, onInexact: OnInexact): unknown {
  if (node.kind === "scalar") {
    if (typeof node.value === "number" && isInexact(node.value, node.text)) onInexact(node);
    return node.value;
  }
  if (node.kind === "list") return node.items.map((item) => plainValue(item, onInexact));
  const pairs: [string, unknown][] = [];
  for (const [key, { value }] of node.entries) {
    // An SQL expression: `default: 12345678901234567890` keeps each of its digits.
    const asText = key === "default" && value.kind === "scalar" && typeof value.value === "number";
    pairs.push([key, asText ? value.text : plainValue(value, onInexact)]);
  }
  // Not by assignment: a key may be called __proto__.
  return Object.fromEntries(pairs);
}

/** Whether reading the digits gave another number than they mean. */
function isInexact(value: number, text: string): boolean {
  if (Number.isInteger(value)) return !Number.isSafeInteger(value);
  return /^[-+]?[\d.]{18,}$/.test(text);
}

/** A map of free metadata, as it is. */
export function metaOf(
  at: Located | undefined,
  checking: Checking,
): Readonly<Record<string, unknown>> {
  if (at === undefined || (at.node.kind === "scalar" && at.node.value === null)) return {};
  const value = plainOf(at, checking);
  if (isRecord(value)) return value;
  checking.problems.error(at, "wrong-value", `must be a map, not ${describe(at.node)}`);
  return {};
}

/** Reports a key that is not one of `known`, and says whether it is. */
export function checkKey(
  at: LocatedMap,
  key: string,
  known: readonly string[],
  checking: Checking,
): boolean {
  if (known.includes(key)) return true;
  const near = suggestion(key, known);
  const message = `unknown key ${quoted(key)}${near}`;
  if (near !== "" || checking.strict) {
    checking.problems.error(strayKeySpot(at, key), "unknown-key", message);
  } else {
    const hint = `it is ignored; known are ${known.join(", ")}, and "meta" for your own`;
    checking.problems.warning(strayKeySpot(at, key), "unknown-key", message, hint);
  }
  return false;
}

function checkKeys(schema: unknown, at: Located, checking: Checking): void {
  const shape = shapeOf(schema);
  if (shape === undefined) return;
  if (shape.items !== undefined && at.node.kind === "list") {
    for (const item of itemsOf(at)) checkKeys(shape.items, item, checking);
  }
  if (shape.keys === undefined || !isMapAt(at)) return;
  for (const key of at.node.entries.keys()) {
    if (!checkKey(at, key, shape.known, checking)) continue;
    const inner = shape.keys.get(key);
    const child = inner === undefined ? undefined : childOf(at, key);
    if (child !== undefined) checkKeys(inner, child, checking);
  }
}

/** Without the keys that the schema does not look into: each of their values is checked by itself. */
function withoutOpaque(schema: unknown, at: Located): Located {
  const opaque = shapeOf(schema)?.opaque ?? [];
  if (!isMapAt(at) || !opaque.some((key) => at.node.entries.has(key))) return at;
  const entries = new Map(at.node.entries);
  for (const key of opaque) entries.delete(key);
  return { ...at, node: { ...at.node, entries } };
}

interface Shape {
  /** The names of an object's keys. */
  readonly known: readonly string[];
  /** Schemas of keys that have keys or items themselves. */
  readonly keys?: ReadonlyMap<string, unknown>;
  readonly items?: unknown;
  /** Keys whose values can be anything. */
  readonly opaque?: readonly string[];
}

const shapes = new WeakMap<object, Shape | { readonly none: true }>();

function shapeOf(schema: unknown): Shape | undefined {
  if (typeof schema !== "object" || schema === null) return undefined;
  let shape = shapes.get(schema);
  if (shape === undefined) shapes.set(schema, (shape = findShape(schema) ?? { none: true }));
  return "none" in shape ? undefined : shape;
}

function findShape(schema: unknown): Shape | undefined {
  if (schema instanceof z.ZodOptional) return shapeOf(schema.unwrap());
  if (schema instanceof z.ZodArray) return { known: [], items: schema.element };
  if (schema instanceof z.ZodObject) {
    const entries = Object.entries<unknown>(schema.shape);
    const keys = entries.filter(([, inner]) => shapeOf(inner) !== undefined);
    const opaque = entries.filter(
      ([, inner]) => inner instanceof z.ZodOptional && inner.unwrap() instanceof z.ZodUnknown,
    );
    return {
      known: entries.map(([key]) => key),
      keys: new Map(keys),
      opaque: opaque.map(([key]) => key),
    };
  }
  if (!(schema instanceof z.ZodUnion)) return undefined;
  const options = schema.options.map(shapeOf).filter((shape) => shape !== undefined);
  const [first, ...more] = options;
  return first === undefined ? undefined : Object.assign({}, first, ...more);
}

type Issue = z.core.$ZodIssue;

function report(issue: Issue, at: Located, checking: Checking): void {
  if (issue.code === "invalid_union") {
    // The option that fits but for something inside of it says more than "none of them fits".
    const inner = issue.errors.find(
      (issues) => issues.length > 0 && issues.every(({ path }) => path.length > 0),
    );
    const place = locate(issue.path, at);
    if (inner !== undefined && "node" in place) {
      for (const deeper of inner) report(deeper, place, checking);
      return;
    }
  }
  const place = locate(issue.path, at);
  if ("missing" in place) {
    checking.problems.error(place.at, "missing-key", `the key ${quoted(place.missing)} is missing`);
    return;
  }
  checking.problems.error(
    place,
    "wrong-value",
    messageOf(issue, place.node),
    hintOf(issue, place.node),
  );
}

function locate(
  path: readonly PropertyKey[],
  from: Located,
): Located | { readonly missing: string; readonly at: Located } {
  let at = from;
  for (const step of path) {
    if (typeof step === "number") {
      const item = itemsOf(at)[step];
      if (item === undefined) return at;
      at = item;
    } else {
      if (!isMapAt(at)) return at;
      const child = childOf(at, String(step));
      if (child === undefined) return { missing: String(step), at };
      // An empty value has no place of its own that would help.
      at =
        child.node.kind === "scalar" && child.node.text === ""
          ? { ...child, offset: keySpot(at, String(step)).offset }
          : child;
    }
  }
  return at;
}

const kinds: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
};

function messageOf(issue: Issue, node: YamlNode): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${kinds[issue.expected] ?? issue.expected}, not ${describe(node)}`;
    case "invalid_value": {
      const values = issue.values.map(String);
      const near = node.kind === "scalar" ? suggestion(node.text, values) : "";
      return `must be ${listed(values)}, not ${describe(node)}${near}`;
    }
    case "too_small":
      if (issue.origin === "string" || issue.origin === "array") return "must not be empty";
      return `must be at least ${String(issue.minimum)}`;
    case "too_big":
      return `must be at most ${String(issue.maximum)}`;
    case "invalid_union":
    case "invalid_format":
    case "custom":
      return `${issue.message}, not ${describe(node)}`;
    case "invalid_element":
    case "invalid_key":
    case "not_multiple_of":
    case "unrecognized_keys":
      break;
  }
  return issue.message;
}

function hintOf(issue: Issue, node: YamlNode): string | undefined {
  if (node.kind !== "scalar" || typeof node.value === "string" || node.value === null)
    return undefined;
  const wantsText = issue.code === "invalid_type" && issue.expected === "string";
  return wantsText && node.text.length < 40
    ? `for a text write "${node.text}", with the quotes`
    : undefined;
}

function listed(values: readonly string[]): string {
  const last = values.at(-1) ?? "";
  return values.length < 2 ? last : `${values.slice(0, -1).join(", ")} or ${last}`;
}

/** What a node is, for a message. */
export function describe(node: YamlNode): string {
  if (node.kind === "list") return "a list";
  if (node.kind === "map") return "a map";
  if (node.value === null) return "nothing";
  if (typeof node.value === "string") return quoted(node.value);
  return `${typeof node.value === "number" ? "the number " : ""}${node.text.slice(0, 40)}`;
}
