import { checkName } from "./check-name.ts";
import { checkKey, describe, metaOf, type Checking } from "./check-shape.ts";
import { quoted } from "./problem.ts";
import type { YamlFile } from "./read-yaml.ts";
import { registryHeadSchema } from "./registry-schema.ts";
import {
  childOf,
  entriesOf,
  isMapAt,
  keySpot,
  placeOf,
  textAt,
  type Located,
  type LocatedMap,
  type Problems,
} from "./yaml-node.ts";

/** The parts of all files, put together by name. */
export interface Sections {
  readonly schema: string;
  readonly enums: ReadonlyMap<string, Located>;
  readonly mixins: ReadonlyMap<string, Located>;
  readonly tables: ReadonlyMap<string, Located>;
  readonly collections: ReadonlyMap<string, Located>;
}

const sectionNames = ["enums", "mixins", "tables", "collections"] as const;
const known = Object.keys(registryHeadSchema.shape);

/** Merges the files: a name that two of them have is reported with both places. */
export function mergeSections(files: readonly YamlFile[], checking: Checking): Sections {
  const sections = {
    enums: new Map<string, Located>(),
    mixins: new Map<string, Located>(),
    tables: new Map<string, Located>(),
    collections: new Map<string, Located>(),
  };
  const schemas: Located[] = [];
  for (const file of files) {
    const root = rootOf(file, checking.problems);
    if (root === undefined) continue;
    for (const key of root.node.entries.keys()) {
      // `x-…` holds what anchors are set on.
      if (!key.startsWith("x-")) checkKey(root, key, known, checking);
    }
    checkVersion(root, checking.problems);
    metaOf(childOf(root, "meta"), checking);
    const schema = childOf(root, "schema");
    if (schema !== undefined) schemas.push(schema);
    for (const section of sectionNames)
      addSection(root, section, { into: sections[section], problems: checking.problems });
  }
  return { ...sections, schema: schemaOf(schemas, checking.problems) };
}

function rootOf(file: YamlFile, problems: Problems): LocatedMap | undefined {
  if (file.root === undefined) return undefined;
  const root: Located = { in: file, node: file.root, offset: file.root.offset, path: "" };
  if (isMapAt(root)) return root;
  problems.error(
    root,
    "wrong-value",
    `the file must be a map with the key "tables", not ${describe(root.node)}`,
  );
  return undefined;
}

function checkVersion(root: LocatedMap, problems: Problems): void {
  const at = childOf(root, "version");
  if (at === undefined || (at.node.kind === "scalar" && at.node.text === "1")) return;
  problems.error(
    at,
    "wrong-value",
    `the version must be 1, not ${describe(at.node)}`,
    "a newer ctb-data may read it",
  );
}

function addSection(
  root: LocatedMap,
  section: string,
  { into, problems }: { readonly into: Map<string, Located>; readonly problems: Problems },
): void {
  const at = childOf(root, section);
  if (at === undefined || (at.node.kind === "scalar" && at.node.value === null)) return;
  if (!isMapAt(at)) {
    problems.error(at, "wrong-value", `must be a map of names, not ${describe(at.node)}`);
    return;
  }
  for (const [name, place] of entriesOf(at)) {
    const key = keySpot(at, name);
    const before = into.get(name);
    if (before === undefined) {
      // The key is where people look for a table.
      into.set(name, { ...place, offset: key.offset });
      continue;
    }
    problems.error(
      key,
      "duplicate-name",
      `${section}: ${quoted(name)} is declared twice, the first time at ${placeOf(before)}`,
    );
  }
}

function schemaOf(places: readonly Located[], problems: Problems): string {
  const [first, ...others] = places;
  if (first === undefined) return "public";
  const name = textAt(first);
  if (name === undefined) {
    problems.error(
      first,
      "wrong-value",
      `must be the name of a schema, not ${describe(first.node)}`,
    );
    return "public";
  }
  checkName(name, first, problems);
  if (name.startsWith("pg_") || name === "information_schema") {
    problems.error(first, "invalid-name", `the schema ${quoted(name)} is PostgreSQL's own`);
  }
  for (const other of others) {
    if (textAt(other) === name) continue;
    problems.error(
      other,
      "conflict",
      `the schema is ${describe(other.node)} here, but ${quoted(name)} at ${placeOf(first)}`,
      "a registry has one schema",
    );
  }
  return name;
}
