import { isDeepStrictEqual } from "node:util";
import { diffColumns } from "./diff-columns.ts";
import { diffParts } from "./diff-parts.ts";
import { matchRenames, type MatchedNames } from "./match-renames.ts";
import type { RegistryChange } from "./registry-change.ts";
import type { Collection, DocumentMapping, EnumType, Registry, Table } from "./registry.ts";
import { withoutSources } from "./without-sources.ts";

/**
 * What leads from `before` to `after`, in the order of the registry: enums, then table by table, then what is gone.
 * A table or column is renamed, not removed and added, when both sides have the same `id`, or when it says
 * `renamed_from` a name that only `before` has. Constraints are compared by what they do: one whose name alone
 * differs is renamed. Order and places in the files, and texts of tables, make no difference.
 */
export function diffRegistries(before: Registry, after: Registry): readonly RegistryChange[] {
  const changes: RegistryChange[] = [];
  if (before.schema !== after.schema) {
    changes.push({
      kind: "schema-changed",
      destructive: true,
      before: before.schema,
      after: after.schema,
    });
  }
  changes.push(...diffEnums(before.enums, after.enums));
  const matched = matchRenames(before.tables, after.tables);
  for (const { from, to } of matched.renamed) {
    changes.push({ kind: "table-renamed", destructive: false, from, to });
  }
  const columns = new Map<string, MatchedNames>();
  for (const [from, to] of matched.newNames) {
    const [old, current] = [before.tables.get(from), after.tables.get(to)];
    if (old && current) columns.set(from, matchRenames(old.columns, current.columns));
  }
  const renames = { tables: matched.newNames, columns };
  for (const [name, table] of after.tables) {
    const old = before.tables.get(matched.oldNames.get(name) ?? "");
    const matchedColumns = old === undefined ? undefined : columns.get(old.name);
    if (old === undefined || matchedColumns === undefined) {
      changes.push({ kind: "table-added", destructive: false, table });
      continue;
    }
    changes.push(...diffColumns(old, table, matchedColumns));
    changes.push(...diffParts(old, table, renames), ...diffDocuments(old, table));
  }
  for (const table of before.tables.values()) {
    if (!matched.newNames.has(table.name)) {
      changes.push({ kind: "table-removed", destructive: true, table });
    }
  }
  return [...changes, ...diffCollections(before.collections, after.collections)];
}

function diffEnums(
  before: ReadonlyMap<string, EnumType>,
  after: ReadonlyMap<string, EnumType>,
): readonly RegistryChange[] {
  const changes: RegistryChange[] = [];
  for (const [name, type] of after) {
    const old = before.get(name);
    if (old === undefined) changes.push({ kind: "enum-added", destructive: false, enum: type });
    else if (!isDeepStrictEqual(old.values, type.values)) changes.push(enumChange(old, type));
  }
  for (const type of before.values()) {
    if (!after.has(type.name))
      changes.push({ kind: "enum-removed", destructive: true, enum: type });
  }
  return changes;
}

function enumChange(before: EnumType, after: EnumType): RegistryChange {
  const old = new Set(before.values);
  const current = new Set(after.values);
  const added = after.values.flatMap((value, index) => {
    if (old.has(value)) return [];
    const next = after.values.slice(index + 1).find((other) => old.has(other));
    return [next === undefined ? { value } : { value, before: next }];
  });
  const removed = before.values.filter((value) => !current.has(value));
  const kept = before.values.filter((value) => current.has(value));
  const reordered = !isDeepStrictEqual(
    kept,
    after.values.filter((value) => old.has(value)),
  );
  return {
    kind: "enum-changed",
    destructive: removed.length > 0 || reordered,
    before,
    after,
    added,
    removed,
    reordered,
  };
}

function diffDocuments(before: Table, after: Table): readonly RegistryChange[] {
  const [old, current] = [before.firestore, after.firestore];
  if (isDeepStrictEqual(plainMapping(old), plainMapping(current))) return [];
  return [
    {
      kind: "documents-changed",
      // Documents of another collection or with other fields hold what nobody reads any more.
      destructive: old !== undefined && !keepsFields(old, current),
      table: after.name,
      ...(old === undefined ? {} : { before: old }),
      ...(current === undefined ? {} : { after: current }),
    },
  ];
}

function plainMapping(mapping: DocumentMapping | undefined): unknown {
  return mapping === undefined ? undefined : withoutSources(mapping);
}

function keepsFields(before: DocumentMapping, after: DocumentMapping | undefined): boolean {
  if (
    after === undefined ||
    before.collection !== after.collection ||
    before.idColumn !== after.idColumn
  )
    return false;
  return [...before.fields].every(([name, field]) => after.fields.get(name)?.type === field.type);
}

function diffCollections(
  before: ReadonlyMap<string, Collection>,
  after: ReadonlyMap<string, Collection>,
): readonly RegistryChange[] {
  const names = new Set([...after.keys(), ...before.keys()]);
  return [...names].flatMap((name): readonly RegistryChange[] => {
    const [old, current] = [before.get(name), after.get(name)];
    if (isDeepStrictEqual(old && withoutSources(old), current && withoutSources(current)))
      return [];
    return [
      {
        kind: "collection-changed",
        destructive:
          old !== undefined &&
          (current === undefined ||
            [...old.fields].some(([field, { type }]) => current.fields.get(field)?.type !== type)),
        name,
        ...(old === undefined ? {} : { before: old }),
        ...(current === undefined ? {} : { after: current }),
      },
    ];
  });
}
