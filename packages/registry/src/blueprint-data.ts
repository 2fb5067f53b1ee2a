import type { BlueprintData, BlueprintJson, BlueprintScalar } from "./blueprint.ts";
import {
  childOf,
  entriesOf,
  isMapAt,
  textAt,
  type Located,
  type LocatedMap,
  type YamlNode,
  type YamlScalar,
} from "./yaml-node.ts";

/** The data of a blueprint's file: `columns` and `fields` as lists, `version` as a text, everything else as it is. */
export function blueprintDataOf(at: LocatedMap): BlueprintData {
  return objectOf(at, (key, place) => {
    if (key === "version" && place.node.kind === "scalar") return place.node.text;
    if (key === "intake" && isMapAt(place)) return withList(place, "columns", "column");
    if (key === "export" && isMapAt(place)) return withList(place, "fields", "name");
    return jsonAt(key, place);
  });
}

// As the checks read them: what the blueprint itself gives keeps its digits.
const givenKeys: ReadonlySet<string> = new Set([
  "constant",
  "default",
  "otherwise",
  "values",
  "where",
]);
const jsonAt = (key: string, { node }: Located): BlueprintJson => jsonOf(node, givenKeys.has(key));

function objectOf(
  at: LocatedMap,
  valueOf: (key: string, place: Located) => BlueprintJson,
): BlueprintData {
  // Not by assignment: a key may be called __proto__.
  return Object.fromEntries(
    [...entriesOf(at)].map(([key, place]) => [key, valueOf(key, place)] as const),
  );
}

/** A part of the blueprint in which the map under `key` is a list; what its keys were is under `name` of each item. */
function withList(at: LocatedMap, key: string, name: string): BlueprintData {
  const rules = childOf(at, key);
  if (rules === undefined || !isMapAt(rules)) return objectOf(at, jsonAt);
  const list = [...entriesOf(rules)].map(([target, place]): BlueprintData => {
    const from = textAt(place);
    if (from !== undefined) return { [name]: target, from };
    return isMapAt(place) ? { [name]: target, ...objectOf(place, jsonAt) } : {};
  });
  return objectOf(at, (own, place) => (own === key ? list : jsonAt(own, place)));
}

function jsonOf(node: YamlNode, isGiven = false): BlueprintJson {
  if (node.kind === "list") return node.items.map((item) => jsonOf(item, isGiven));
  if (node.kind === "map") {
    return Object.fromEntries(
      [...node.entries].map(
        ([key, { value }]) => [key, jsonOf(value, isGiven || givenKeys.has(key))] as const,
      ),
    );
  }
  return isGiven ? exactScalarOf(node) : node.value;
}

/** A value as it is written: a number of which that would be lost (`007`, `1.50`, or one of many digits) is its text. */
export function exactScalarOf({ value, text }: YamlScalar): BlueprintScalar {
  return typeof value === "number" && String(value) !== text ? text : value;
}

// What JSON.stringify leaves as it is and YAML does not take as it is.
const unsafe = /[\x7F\uFFFE\uFFFF]/gu;

/** The text of a blueprint's data as JSON, which is YAML. */
export function blueprintTextOf(data: unknown): string {
  const text = JSON.stringify(data ?? null, (_, value: unknown) =>
    typeof value === "bigint" ? Number(value) : value,
  );
  return yamlOfJson(text);
}

/** A text of JSON as YAML reads it. */
export function yamlOfJson(text: string): string {
  return text.replace(
    unsafe,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
