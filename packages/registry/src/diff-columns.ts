import { isDeepStrictEqual } from "node:util";
import { formatColumnType, isSerial } from "./column-type.ts";
import type { MatchedNames } from "./match-renames.ts";
import type { ColumnAspect, RegistryChange } from "./registry-change.ts";
import type { Column, ColumnType, Table } from "./registry.ts";

/** The changes of a table's columns. `matched`: its columns before and after, by name. */
export function diffColumns(
  before: Table,
  after: Table,
  matched: MatchedNames,
): readonly RegistryChange[] {
  const table = after.name;
  const changes: RegistryChange[] = matched.renamed.map(({ from, to }) => ({
    kind: "column-renamed",
    destructive: false,
    table,
    from,
    to,
  }));
  for (const [name, column] of after.columns) {
    const old = before.columns.get(matched.oldNames.get(name) ?? "");
    if (old === undefined) {
      // A row that is there already has no value for it.
      const destructive =
        !column.nullable && column.default === undefined && !isSerial(column.type);
      changes.push({ kind: "column-added", destructive, table, column });
      continue;
    }
    const what = aspects.filter(
      (aspect) => !isDeepStrictEqual(facts[aspect](old), facts[aspect](column)),
    );
    if (what.length > 0) {
      changes.push({
        kind: "column-changed",
        destructive: isDestructive(old, column),
        table,
        before: old,
        after: column,
        what,
      });
    }
  }
  for (const column of before.columns.values()) {
    if (!matched.newNames.has(column.name))
      changes.push({ kind: "column-removed", destructive: true, table, column });
  }
  return changes;
}

const aspects: readonly ColumnAspect[] = [
  "type",
  "nullable",
  "default",
  "encryption",
  "rules",
  "notes",
];

/** What of a column belongs to each aspect. */
const facts: Readonly<Record<ColumnAspect, (column: Column) => unknown>> = {
  type: ({ type }) => formatColumnType(type),
  nullable: ({ nullable }) => nullable,
  default: (column) => column.default,
  encryption: ({ encryption, blindIndexOf }) => [
    encryptionFacts(encryption),
    blindIndexOf !== undefined,
  ],
  rules: ({ format, min, max, pattern, oneOf }) => [format, min, max, pattern, oneOf],
  notes: ({ description, examples, classification, deprecated, meta }) => [
    description,
    examples,
    classification,
    deprecated,
    meta,
  ],
};

/** What decides how values are written; the column of the blind index is a column of its own, which may be renamed. */
function encryptionFacts(encryption: Column["encryption"]): unknown {
  if (encryption?.blindIndex === undefined) return encryption;
  const { normalize, bits } = encryption.blindIndex;
  return { normalize, bits };
}

/** Whether values that are there may be lost or refused. */
function isDestructive(before: Column, after: Column): boolean {
  if (before.nullable && !after.nullable) return true;
  if (!isDeepStrictEqual(facts.encryption(before), facts.encryption(after))) return true;
  return (
    formatColumnType(before.type) !== formatColumnType(after.type) &&
    !isWider(before.type, after.type)
  );
}

const widenings: Readonly<Record<string, readonly string[]>> = {
  smallint: ["integer", "bigint", "numeric"],
  integer: ["bigint", "numeric", "serial", "bigserial"],
  serial: ["integer", "bigint", "bigserial", "numeric"],
  bigint: ["numeric", "bigserial"],
  bigserial: ["bigint", "numeric"],
  real: ["double precision"],
  varchar: ["text"],
  json: ["jsonb"],
};

/** Whether every value of one type is a value of the other. */
function isWider(from: ColumnType, to: ColumnType): boolean {
  if (from.dimensions !== to.dimensions || from.kind === "enum" || to.kind === "enum") return false;
  if (from.name !== to.name) {
    const unlimited = to.precision === undefined && to.length === undefined;
    return unlimited && widenings[from.name]?.includes(to.name) === true;
  }
  if (from.name === "numeric") {
    if (to.precision === undefined) return true;
    if (from.precision === undefined) return false;
    const [fromScale, toScale] = [from.scale ?? 0, to.scale ?? 0];
    return toScale >= fromScale && to.precision - toScale >= from.precision - fromScale;
  }
  const [fromSize, toSize] = [from.length ?? from.precision, to.length ?? to.precision];
  return toSize === undefined || (fromSize !== undefined && toSize >= fromSize);
}
