import { formatColumnType } from "./column-type.ts";
import type { ColumnAspect, RegistryChange } from "./registry-change.ts";
import type { Column } from "./registry.ts";

type ChangeOf<Kind extends RegistryChange["kind"]> = Extract<
  RegistryChange,
  { readonly kind: Kind }
>;

/** One clause about a change, for people: `add column clients.phone varchar(40)`. */
export function describeChange(change: RegistryChange): string {
  switch (change.kind) {
    case "schema-changed":
      return `move all tables from schema ${change.before} to ${change.after}`;
    case "enum-added":
      return `add enum ${change.enum.name} (${change.enum.values.join(", ")})`;
    case "enum-removed":
      return `remove enum ${change.enum.name}`;
    case "enum-changed":
      return describeEnum(change);
    case "table-added":
      return `add table ${change.table.name}`;
    case "table-removed":
      return `remove table ${change.table.name}`;
    case "table-renamed":
      return `rename table ${change.from} to ${change.to}`;
    case "collection-changed":
      return `${verb(change)} collection ${change.name}`;
    case "documents-changed":
      return `${verb(change)} the documents of ${change.table}`;
    case "column-added":
    case "column-removed":
    case "column-renamed":
    case "column-changed":
      return describeColumn(change);
    case "primary-key-changed":
      return `${verb(change)} the primary key of ${change.table}`;
    case "unique-added":
    case "unique-removed":
    case "check-added":
    case "check-removed":
    case "foreign-key-added":
    case "foreign-key-removed":
    case "index-added":
    case "index-removed":
    case "constraint-renamed":
    case "index-renamed":
      break;
  }
  return describePart(change);
}

function verb(change: { readonly before?: unknown; readonly after?: unknown }): string {
  if (change.before === undefined) return "add";
  return change.after === undefined ? "remove" : "change";
}

function describeEnum({ after, added, removed, reordered }: ChangeOf<"enum-changed">): string {
  const parts = [
    ...added.map(({ value }) => `add ${value}`),
    ...removed.map((value) => `remove ${value}`),
    ...(reordered ? ["another order"] : []),
  ];
  return `change enum ${after.name}: ${parts.join(", ")}`;
}

function describeColumn(
  change: ChangeOf<"column-added" | "column-removed" | "column-renamed" | "column-changed">,
): string {
  if (change.kind === "column-renamed")
    return `rename column ${change.table}.${change.from} to ${change.to}`;
  if (change.kind === "column-changed") {
    const { before, after, what } = change;
    return `change column ${change.table}.${after.name}: ${what.map((aspect) => describeAspect(aspect, before, after)).join(", ")}`;
  }
  const { column, table } = change;
  if (change.kind === "column-removed") return `remove column ${table}.${column.name}`;
  return `add column ${table}.${column.name} ${formatColumnType(column.type)}${column.nullable ? "" : " not null"}`;
}

function describeAspect(aspect: ColumnAspect, before: Column, after: Column): string {
  switch (aspect) {
    case "type":
      return `${formatColumnType(before.type)} becomes ${formatColumnType(after.type)}`;
    case "nullable":
      return after.nullable ? "nullable" : "not null";
    case "default":
      return after.default === undefined ? "no default" : `default ${after.default}`;
    case "encryption":
      return after.encryption === undefined ? "not encrypted" : "encrypted";
    case "rules":
    case "notes":
      break;
  }
  return aspect;
}

type PartChange = Extract<
  RegistryChange,
  {
    readonly kind:
      | `${"unique" | "check" | "foreign-key" | "index"}-${"added" | "removed"}`
      | `${"constraint" | "index"}-renamed`;
  }
>;

function describePart(change: PartChange): string {
  switch (change.kind) {
    case "constraint-renamed":
      return `rename constraint ${change.from} of ${change.table} to ${change.to}`;
    case "index-renamed":
      return `rename index ${change.from} to ${change.to}`;
    case "index-added":
      return `add index ${change.index.name} on ${change.table}`;
    case "index-removed":
      return `remove index ${change.index.name} of ${change.table}`;
    case "foreign-key-added":
      return `add foreign key ${change.constraint.name} on ${change.table}`;
    case "foreign-key-removed":
      return `remove foreign key ${change.constraint.name} of ${change.table}`;
    case "unique-added":
    case "check-added":
      return `add constraint ${change.constraint.name} on ${change.table}`;
    case "unique-removed":
    case "check-removed":
      break;
  }
  return `remove constraint ${change.constraint.name} of ${change.table}`;
}
