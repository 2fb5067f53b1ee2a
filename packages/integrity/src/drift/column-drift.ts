import { quoteIdentifier } from "@ctb-data/postgres";
import { alterTable, changeStatements, objectName } from "@ctb-data/postgres/statements";
import { parseColumnType, type Column, type Registry } from "@ctb-data/registry";
import type { Finding } from "../finding.ts";
import { alterColumn, columnSubject, type ColumnPlace } from "./column-place.ts";
import { defaultDrift } from "./default-drift.ts";
import { adviceOf, columnPlace, driftFinding } from "./drift-finding.ts";
import { ownedSequence, type DriftState } from "./drift-state.ts";
import { liveRegistry, missingItems, withColumn } from "./live-registry.ts";

/** Columns of another type, collation, default or nullability than they should have. */
export function columnDrift(state: DriftState): readonly Finding[] {
  return state.pairs.flatMap((pair) =>
    pair.columns.flatMap((columns) => {
      const column = pair.table.columns.get(columns.expected.name);
      if (!column) return [];
      const place = { state, pair, column, ...columns };
      return [...typeDrift(place), ...defaultDrift(place), ...nullDrift(place)];
    }),
  );
}

function typeDrift(place: ColumnPlace): readonly Finding[] {
  const { pair, column, expected, live } = place;
  const name = `${pair.table.name}.${column.name}`;
  if (expected.type !== live.type) {
    return [
      driftFinding({
        ...columnSubject(place, "type"),
        severity: "error",
        message: `${name} is ${live.type}; the registry says ${expected.type}.`,
        advice: adviceOf("Write a migration:", retype(place)),
      }),
    ];
  }
  if (expected.collation === live.collation) return [];
  return [
    driftFinding({
      ...columnSubject(place, "collation"),
      message: `${name} has the collation ${live.collation ?? "of its type"}, which the registry does not know.`,
      advice: adviceOf("Write a migration (indexes on it are built anew):", [
        alterColumn(place, `TYPE ${expected.type}`),
      ]),
    }),
  ];
}

/** A column that counts keeps its sequence, under whatever name; only its type is changed. */
function retype(place: ColumnPlace): readonly string[] {
  const { state, pair, column, expected, live } = place;
  const registry = liveRegistry(state, new Set(missingItems(state)));
  const after = expected.serial
    ? withColumn(registry, pair.table.name, plainColumn(place))
    : registry;
  const before = withColumn(registry, pair.table.name, {
    ...plainColumn(place),
    type: liveType(place, registry),
    ...(live.default !== undefined && !live.serial && { default: live.default }),
  });
  const sequence = ownedSequence(state, pair.table.name, column.name);
  return [
    ...changeStatements(before, after),
    ...(expected.serial && sequence && sequence.type !== expected.type
      ? [`ALTER SEQUENCE ${objectName(state.schema, sequence.name)} AS ${expected.type}`]
      : []),
  ];
}

/** As the registry has it, but of what it stores: an integer that does not count by itself, the text of a ciphertext. */
function plainColumn({ column, expected }: ColumnPlace): Column {
  const { encryption: _encryption, default: sqlDefault, ...rest } = column;
  const { type } = column;
  const counts = type.name === "serial" || type.name === "bigserial";
  return {
    ...rest,
    ...(sqlDefault !== undefined && { default: sqlDefault }),
    ...(counts && {
      type:
        expected.type === "bigint"
          ? { name: "bigint", kind: "int64", dimensions: 0 }
          : { name: "integer", kind: "int32", dimensions: 0 },
    }),
  };
}

/** Of a type that no registry has, only that it has a text. */
function liveType({ live, expected }: ColumnPlace, { enums }: Registry): Column["type"] {
  const unquoted = live.type.replace(/^"(.*)"(?=(?:\[\])*$)/, (_, name: string) =>
    name.replaceAll('""', '"'),
  );
  const parsed = parseColumnType(unquoted, enums);
  if ("type" in parsed) return parsed.type;
  return expected.type === "text"
    ? { name: "varchar", kind: "text", dimensions: 0 }
    : { name: "text", kind: "text", dimensions: 0 };
}

function nullDrift(place: ColumnPlace): readonly Finding[] {
  const { pair, state, column, expected, live } = place;
  const table = pair.table.name;
  const name = `${table}.${column.name}`;
  const subject = columnSubject(place, "nullable");
  if (!expected.nullable && live.nullable) {
    return [
      driftFinding({
        ...subject,
        id: `constraint_missing:${columnPlace(table, column.name)}:not_null`,
        kind: "constraint_missing",
        message: `${name} may be null; the registry says that it may not.`,
        fix: {
          summary: `Forbids nulls in ${name}.`,
          statements: [alterColumn(place, "SET NOT NULL")],
        },
      }),
    ];
  }
  if (!expected.nullable && live.notNullNotValid !== undefined) {
    return [
      driftFinding({
        ...subject,
        id: `constraint_not_validated:${columnPlace(table, column.name)}:not_null`,
        kind: "constraint_not_validated",
        constraint: live.notNullNotValid,
        message: `That ${name} may not be null holds for new rows only: the constraint is not validated.`,
        fix: {
          summary: `Validates that ${name} is nowhere null.`,
          statements: [
            alterTable(
              table,
              state.schema,
              `VALIDATE CONSTRAINT ${quoteIdentifier(live.notNullNotValid)}`,
            ),
          ],
        },
      }),
    ];
  }
  // A primary key that is too many has it so, and is told itself.
  const ofKey = pair.live.primaryKey?.columns.includes(column.name) ?? false;
  if (!expected.nullable || live.nullable || ofKey) return [];
  return [
    driftFinding({
      ...subject,
      message: `${name} may not be null; the registry says that it may.`,
      advice: adviceOf("Write a migration:", [alterColumn(place, "DROP NOT NULL")]),
    }),
  ];
}
