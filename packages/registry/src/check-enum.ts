import { checkName } from "./check-name.ts";
import { checkShape, describe, type Checking } from "./check-shape.ts";
import { isBuiltIn } from "./column-type.ts";
import { maxNameBytes, nameBytes } from "./object-names.ts";
import { quoted } from "./problem.ts";
import { enumHeadSchema, enumValueSchema } from "./registry-schema.ts";
import type { EnumType } from "./registry.ts";
import { childOf, isMapAt, itemsOf, sourceOf, type Located } from "./yaml-node.ts";

/** Checks one enum, in its short form (a list of texts) or its long one. Undefined when it cannot be read. */
export function enumOf(name: string, at: Located, checking: Checking): EnumType | undefined {
  const { problems } = checking;
  if (!checkName(name, at, problems)) return undefined;
  if (isBuiltIn(name)) {
    const message = `the name ${quoted(name)} is that of a type of PostgreSQL`;
    problems.error(at, "invalid-name", message, "give the enum another name");
  }
  const data = isMapAt(at) ? checkShape(enumHeadSchema, at, checking) : {};
  const list = isMapAt(at) ? childOf(at, "values") : at;
  if (list === undefined) {
    problems.error(at, "missing-key", 'the key "values" is missing');
    return undefined;
  }
  if (list.node.kind !== "list") {
    problems.error(list, "wrong-value", `must be a list of texts, not ${describe(list.node)}`);
    return undefined;
  }
  const values = valuesOf(list, checking);
  if (list.node.items.length === 0)
    problems.error(list, "wrong-value", "an enum needs at least one value");
  const description = data?.description === undefined ? {} : { description: data.description };
  return { name, ...description, values, source: sourceOf(at) };
}

function valuesOf(list: Located, checking: Checking): readonly string[] {
  const values = new Set<string>();
  for (const item of itemsOf(list)) {
    const place = isMapAt(item) ? childOf(item, "value") : item;
    if (isMapAt(item)) checkShape(enumValueSchema, item, checking);
    if (place?.node.kind !== "scalar") {
      if (!isMapAt(item))
        checking.problems.error(item, "wrong-value", `must be a text, not ${describe(item.node)}`);
      continue;
    }
    if (typeof place.node.value !== "string") {
      checking.problems.error(
        place,
        "wrong-value",
        `a value of an enum is a text, not ${describe(place.node)}`,
        `write "${place.node.text}", with the quotes`,
      );
      continue;
    }
    const { value } = place.node;
    if (values.has(value))
      checking.problems.error(place, "duplicate-name", `the value ${quoted(value)} is here twice`);
    if (nameBytes(value) > maxNameBytes) {
      checking.problems.error(
        place,
        "invalid-name",
        `the value ${quoted(value)} is ${nameBytes(value)} bytes long, PostgreSQL allows ${maxNameBytes}`,
      );
    }
    values.add(value);
  }
  return [...values];
}
