import { quoteIdentifier, type CatalogForeignKey } from "@ctb-data/postgres";
import { alterTable, foreignKeyClause } from "@ctb-data/postgres/statements";
import type { Finding } from "../finding.ts";
import { addValidated, dropConstraint, renameConstraint } from "./constraint-statements.ts";
import { adviceOf, driftFinding, listed, partPlace } from "./drift-finding.ts";
import type { DriftState, TablePair } from "./drift-state.ts";
import type { Pair } from "./pair-parts.ts";
import { sameReference } from "./same-parts.ts";

/** Foreign keys that are missing, unknown, lead elsewhere, or do something else when a row goes. */
export function foreignKeyDrift(state: DriftState): readonly Finding[] {
  return state.pairs.flatMap((pair) => {
    const { same, renamed, different, missing, unknown } = pair.foreignKeys;
    const place = { state, pair };
    return [
      ...missing.flatMap((key) => missingKey(place, key)),
      ...different.flatMap((keys) => otherKey(place, keys, "different")),
      ...[...same, ...renamed]
        .filter(({ expected, live }) => behaviour(expected) !== behaviour(live))
        .flatMap((keys) => otherKey(place, keys, "behaviour")),
      ...renamed.map((keys) => renamedKey(place, keys)),
      ...unknown.map((key) => unknownKey(place, key)),
    ];
  });
}

interface KeyPlace {
  readonly state: DriftState;
  readonly pair: TablePair;
}

function missingKey({ state, pair }: KeyPlace, expected: CatalogForeignKey): readonly Finding[] {
  const table = pair.table.name;
  const { name, columns } = expected;
  const key = pair.table.foreignKeys.find((candidate) => candidate.name === name);
  if (!key) return [];
  return [
    driftFinding({
      id: `constraint_missing:${partPlace(table, name)}`,
      kind: "constraint_missing",
      table,
      columns,
      constraint: name,
      message: `${table} has no foreign key ${name} from ${target(expected)}.`,
      fix: {
        summary: `Adds the foreign key ${name} to ${table}.`,
        statements: addValidated(
          { state, table: pair.live },
          { name, clause: foreignKeyClause(key, state.schema) },
        ),
      },
    }),
  ];
}

function target({ columns, referencedTable, referencedColumns }: CatalogForeignKey): string {
  return `${listed(columns)} to ${listed(referencedColumns)} of ${referencedTable}`;
}

/** All that it does beside leading somewhere. */
function behaviour(key: CatalogForeignKey): string {
  return [
    `on delete ${key.onDelete}`,
    ...(key.onDeleteColumns ? [`(${listed(key.onDeleteColumns)})`] : []),
    `on update ${key.onUpdate}`,
    ...(key.match === "full" ? ["match full"] : []),
    ...(key.deferrable ? ["deferrable"] : []),
    ...(key.deferred ? ["initially deferred"] : []),
    ...(key.period ? ["over a period"] : []),
  ].join(" ");
}

function otherKey(
  { state, pair }: KeyPlace,
  { expected, live }: Pair<CatalogForeignKey, CatalogForeignKey>,
  what: "different" | "behaviour",
): readonly Finding[] {
  const table = pair.table.name;
  const key = pair.table.foreignKeys.find(({ name }) => name === expected.name);
  if (!key) return [];
  const words = (one: CatalogForeignKey): string =>
    what === "different" ? `leads from ${target(one)}` : `acts ${behaviour(one)}`;
  const place = { state, table: pair.live };
  // What only concerns the moment of the check needs no look at the rows.
  const { deferred: _deferred, ...rest } = live;
  const isMoment = behaviour({ ...rest, deferrable: false }) === behaviour(expected);
  const statements =
    what === "behaviour" && isMoment
      ? [
          alterTable(
            table,
            state.schema,
            `ALTER CONSTRAINT ${quoteIdentifier(live.name)} NOT DEFERRABLE`,
          ),
        ]
      : [
          dropConstraint(place, live.name),
          ...addValidated(place, {
            name: what === "different" ? key.name : live.name,
            clause: foreignKeyClause(
              what === "different" ? key : { ...key, name: live.name },
              state.schema,
            ),
          }),
        ];
  return [
    driftFinding({
      id: `drift:${partPlace(table, expected.name)}:${what}`,
      table,
      columns: expected.columns,
      constraint: live.name,
      message: `The foreign key ${live.name} of ${table} ${words(live)}; the registry says that it ${words(expected)}.`,
      advice: adviceOf("Write a migration:", statements),
    }),
  ];
}

function renamedKey(
  { state, pair }: KeyPlace,
  { expected, live }: Pair<CatalogForeignKey, CatalogForeignKey>,
): Finding {
  const table = pair.table.name;
  return driftFinding({
    id: `drift:${partPlace(table, expected.name)}:name`,
    severity: "note",
    table,
    columns: expected.columns,
    constraint: live.name,
    message: `The foreign key ${expected.name} of ${table} is called ${live.name}.`,
    advice: adviceOf("Write a migration:", [
      renameConstraint({ state, table: pair.live }, { from: live.name, to: expected.name }),
    ]),
  });
}

/** A second one that does the same is only in the way. */
function unknownKey({ state, pair }: KeyPlace, key: CatalogForeignKey): Finding {
  const table = pair.table.name;
  const isTwin = [...pair.foreignKeys.same, ...pair.foreignKeys.renamed].some(({ live }) =>
    sameReference(live, key),
  );
  return driftFinding({
    id: `drift:${partPlace(table, key.name)}:unknown`,
    severity: isTwin ? "note" : "warning",
    table,
    columns: key.columns,
    constraint: key.name,
    message: `${table} has a ${isTwin ? "second " : ""}foreign key ${key.name} from ${target(key)} that is not in the registry.`,
    advice: adviceOf("Add it to the registry, or drop it:", [
      dropConstraint({ state, table: pair.live }, key.name),
    ]),
  });
}
