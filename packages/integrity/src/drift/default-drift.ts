import { quoteIdentifier, quoteLiteral, type CatalogSequence } from "@ctb-data/postgres";
import {
  alterTable,
  changeStatements,
  columnType,
  defaultExpression,
  objectName,
  sequenceName,
} from "@ctb-data/postgres/statements";
import type { Finding } from "../finding.ts";
import { alterColumn, columnSubject, type ColumnPlace } from "./column-place.ts";
import { adviceOf, driftFinding } from "./drift-finding.ts";
import { ownedSequence } from "./drift-state.ts";
import { liveRegistry, missingItems, withColumn } from "./live-registry.ts";
import { sameExpression } from "./same-parts.ts";

/** How a column gets a value when none is given: by its default, a sequence, as an identity, or generated from others. */
export function defaultDrift(place: ColumnPlace): readonly Finding[] {
  const { pair, column, expected, live } = place;
  const name = `${pair.table.name}.${column.name}`;
  if (live.generated !== undefined) return [generated(place, name)];
  if (live.identity !== undefined) return [identity(place, name)];
  if (expected.serial !== live.serial) {
    return [
      driftFinding({
        ...columnSubject(place, "default"),
        severity: expected.serial && live.default === undefined ? "error" : "warning",
        message: expected.serial
          ? `${name} does not count by a sequence of its own; the registry says serial.`
          : `${name} counts by a sequence of its own, which the registry does not know.`,
        advice: adviceOf(
          "Write a migration:",
          expected.serial ? makeSerial(place) : dropSerial(place),
        ),
      }),
    ];
  }
  if (expected.serial || isSameDefault(place)) return [];
  return [
    driftFinding({
      ...columnSubject(place, "default"),
      severity: live.default === undefined && !expected.nullable ? "error" : "warning",
      message: defaultMessage(name, expected.default, live.default),
      advice: adviceOf("Write a migration:", resetDefault(place)),
    }),
  ];
}

function defaultMessage(
  name: string,
  expected: string | undefined,
  live: string | undefined,
): string {
  if (live === undefined) return `${name} has no default; the registry says ${expected}.`;
  if (expected === undefined)
    return `${name} has the default ${live}, which the registry does not know.`;
  return `${name} has the default ${live}; the registry says ${expected}.`;
}

function isSameDefault({ state, expected, live }: ColumnPlace): boolean {
  const isLoose =
    expected.type !== live.type ||
    Number.parseInt(state.expected.serverVersion, 10) !== state.serverMajor;
  return sameExpression(expected.default, live.default, isLoose ? "loose" : "exact");
}

function resetDefault(place: ColumnPlace): readonly string[] {
  const { state, pair, column, live } = place;
  const after = liveRegistry(state, new Set(missingItems(state)));
  const { default: _default, ...rest } = column;
  const before = withColumn(after, pair.table.name, {
    ...rest,
    // As PostgreSQL prints it, it is never the text of the registry by chance: the two would then be the same.
    ...(live.default !== undefined && { default: `(${live.default})` }),
  });
  return changeStatements(before, after);
}

function generated(place: ColumnPlace, name: string): Finding {
  const { live, expected, column, pair, state } = place;
  const alter = (action: string): string => alterTable(pair.table.name, state.schema, action);
  const own = quoteIdentifier(column.name);
  const old = quoteIdentifier(`ctb_old_${column.name}`.slice(0, 40));
  // PostgreSQL 18 cannot make a column real that it works out when it is read.
  const makeReal =
    live.virtual === true
      ? [
          alter(`RENAME COLUMN ${own} TO ${old}`),
          alter(
            `ADD COLUMN ${own} ${expected.serial ? expected.type : columnType(column, state.schema)}`,
          ),
          `UPDATE ${objectName(state.schema, pair.table.name)} SET ${own} = ${old}`,
          alter(`DROP COLUMN ${old}`),
          ...(live.nullable ? [] : [alterColumn(place, "SET NOT NULL")]),
        ]
      : [alterColumn(place, "DROP EXPRESSION")];
  return driftFinding({
    ...columnSubject(place, "generated"),
    severity: "error",
    message: `${name} is generated as ${live.generated}, so that nobody can write it; the registry does not know that.`,
    advice: adviceOf("Write a migration:", [...makeReal, ...ownDefault(place)]),
  });
}

function identity(place: ColumnPlace, name: string): Finding {
  const { live, expected } = place;
  const isHarmless = expected.serial && live.identity === "by default";
  return driftFinding({
    ...columnSubject(place, "identity"),
    severity: isHarmless ? "note" : "warning",
    message: [
      `${name} is an identity column (generated ${live.identity}); the registry says`,
      expected.serial ? "serial." : "that it does not count.",
    ].join(" "),
    advice: adviceOf("Write a migration:", [
      alterColumn(place, "DROP IDENTITY"),
      ...ownDefault(place),
    ]),
  });
}

const setDefault = (expression: string): string => `SET DEFAULT ${defaultExpression(expression)}`;

/** What the column gets where there is nothing. */
function ownDefault(place: ColumnPlace): readonly string[] {
  const { column, expected, live } = place;
  if (expected.serial) return makeSerial(place, live.identity !== undefined);
  return column.default === undefined ? [] : [alterColumn(place, setDefault(column.default))];
}

/** With the sequence that is there, if there is one, otherwise with a new one; it counts on from the largest value. */
function makeSerial(place: ColumnPlace, isFreed = false): readonly string[] {
  const { state, pair, column, expected } = place;
  const { schema } = state;
  const table = pair.table.name;
  const owned = isFreed ? undefined : ownedSequence(state, table, column.name);
  const found = owned ?? freeSequence(place);
  const name = objectName(schema, found?.name ?? sequenceName(table, column.name));
  const own = quoteIdentifier(column.name);
  const from = objectName(schema, table);
  return [
    ...(found ? [] : [`CREATE SEQUENCE ${name} AS ${expected.type}`]),
    ...(owned ? [] : [`ALTER SEQUENCE ${name} OWNED BY ${from}.${own}`]),
    alterColumn(place, `SET DEFAULT nextval(${quoteLiteral(name)})`),
    `SELECT setval(${quoteLiteral(name)}, COALESCE(max(${own}), 0) + 1, false) FROM ${from}`,
  ];
}

/** The sequence of the default, or the one that is named as it should be, when no column owns it. */
function freeSequence({ state, pair, column, live }: ColumnPlace): CatalogSequence | undefined {
  const inDefault = /^nextval\('(.+)'::regclass\)$/
    .exec(live.default ?? "")?.[1]
    ?.replaceAll("''", "'");
  const named = sequenceName(pair.table.name, column.name);
  const free = state.live.sequences.filter(
    ({ schema, ownedBy }) => schema === state.schema && ownedBy === undefined,
  );
  return (
    free.find(({ name }) => quoteIdentifier(name) === inDefault) ??
    free.find(({ name }) => name === named)
  );
}

function dropSerial(place: ColumnPlace): readonly string[] {
  const { state, pair, column } = place;
  const owned = ownedSequence(state, pair.table.name, column.name);
  return [
    alterColumn(place, column.default === undefined ? "DROP DEFAULT" : setDefault(column.default)),
    ...(owned ? [`DROP SEQUENCE ${objectName(state.schema, owned.name)}`] : []),
  ];
}
