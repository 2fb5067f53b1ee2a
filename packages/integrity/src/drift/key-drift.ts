import { quoteIdentifier, type CatalogKey } from "@ctb-data/postgres";
import {
  alterTable,
  createIndex,
  primaryKeyClause,
  uniqueClause,
} from "@ctb-data/postgres/statements";
import type { KeyConstraint } from "@ctb-data/registry";
import type { Finding } from "../finding.ts";
import { dropConstraint, rebuildKey, renameConstraint } from "./constraint-statements.ts";
import { adviceOf, driftFinding, listed, partPlace } from "./drift-finding.ts";
import type { DriftState, TablePair } from "./drift-state.ts";
import type { Pairs } from "./pair-parts.ts";
import { sameList } from "./same-parts.ts";
import { fixUnlessTaken } from "./taken-name.ts";

/** Primary keys and unique constraints. */
export function keyDrift(state: DriftState): readonly Finding[] {
  return state.pairs.flatMap((pair) => [
    ...keysDrift({
      state,
      pair,
      word: "primary key",
      pairs: pair.primaryKey,
      keys: pair.table.primaryKey ? [pair.table.primaryKey] : [],
      clause: primaryKeyClause,
    }),
    ...keysDrift({
      state,
      pair,
      word: "unique constraint",
      pairs: pair.uniques,
      keys: pair.table.uniques,
      clause: uniqueClause,
    }),
    ...asIndex(state, pair),
    ...asConstraint(state, pair),
  ]);
}

/** The keys of one kind of one table. */
interface Keys {
  readonly state: DriftState;
  readonly pair: TablePair;
  readonly word: "primary key" | "unique constraint";
  readonly pairs: Pairs<CatalogKey, CatalogKey>;
  /** Those of the registry. */
  readonly keys: readonly KeyConstraint[];
  readonly clause: (key: KeyConstraint) => string;
}

function keysDrift(keys: Keys): readonly Finding[] {
  return [
    ...missingKeys(keys),
    ...otherKeys(keys),
    ...orderedKeys(keys),
    ...renamedKeys(keys),
    ...unknownKeys(keys),
  ];
}

function missingKeys({ state, pair, word, pairs, keys, clause }: Keys): readonly Finding[] {
  const table = pair.table.name;
  return pairs.missing.flatMap(({ name, columns }) => {
    const key = keys.find((candidate) => candidate.name === name);
    if (!key) return [];
    return [
      driftFinding({
        id: `constraint_missing:${partPlace(table, name)}`,
        kind: "constraint_missing",
        table,
        columns,
        constraint: name,
        message: `${table} has no ${word} ${name} on ${listed(columns)}.`,
        ...fixUnlessTaken(state, {
          table: pair.live,
          name,
          summary: `Adds the ${word} ${name} to ${table}.`,
          statements: [alterTable(table, state.schema, `ADD ${clause(key)}`)],
        }),
      }),
    ];
  });
}

function otherKeys(keys: Keys): readonly Finding[] {
  const { state, pair, word, pairs, clause } = keys;
  const table = pair.table.name;
  return pairs.different.flatMap(({ expected, live }) => {
    const key = keys.keys.find((candidate) => candidate.name === expected.name);
    if (!key) return [];
    return [
      driftFinding({
        id: `drift:${partPlace(table, expected.name)}:different`,
        table,
        columns: expected.columns,
        constraint: live.name,
        message: `The ${word} ${live.name} of ${table} is ${keyWords(live)}; the registry says ${keyWords(expected)}.`,
        advice: adviceOf("Write a migration:", [
          ...rebuildKey({ state, table: pair.live }, live, clause(key)),
          ...dropRequired(keys, live),
        ]),
      }),
    ];
  });
}

/** A primary key forbids nulls in its columns, and they stay forbidden when it goes. */
function dropRequired({ state, pair, word }: Keys, { columns }: CatalogKey): readonly string[] {
  if (word !== "primary key") return [];
  return columns
    .filter((column) => pair.table.columns.get(column)?.nullable === true)
    .map((column) =>
      alterTable(
        pair.table.name,
        state.schema,
        `ALTER COLUMN ${quoteIdentifier(column)} DROP NOT NULL`,
      ),
    );
}

function keyWords(key: CatalogKey): string {
  return [
    `on ${listed(key.columns)}`,
    ...(key.nullsNotDistinct ? ["nulls not distinct"] : []),
    ...(key.deferrable ? ["deferrable"] : []),
    ...(key.withoutOverlaps ? ["without overlaps"] : []),
  ].join(", ");
}

/** It keeps the same rows out, but its index begins with another column. */
function orderedKeys({ state, pair, word, pairs, keys, clause }: Keys): readonly Finding[] {
  const table = pair.table.name;
  return [...pairs.same, ...pairs.renamed]
    .filter(({ expected, live }) => !sameList(expected.columns, live.columns))
    .flatMap(({ expected, live }) => {
      const key = keys.find((candidate) => candidate.name === expected.name);
      if (!key) return [];
      return [
        driftFinding({
          id: `drift:${partPlace(table, expected.name)}:order`,
          severity: "note",
          table,
          columns: expected.columns,
          constraint: live.name,
          message: `The ${word} ${live.name} of ${table} has its columns in the order ${listed(live.columns)}; the registry says ${listed(expected.columns)}.`,
          advice: adviceOf(
            "Write a migration where queries need it:",
            rebuildKey({ state, table: pair.live }, live, clause({ ...key, name: live.name })),
          ),
        }),
      ];
    });
}

function renamedKeys({ state, pair, word, pairs }: Keys): readonly Finding[] {
  const table = pair.table.name;
  return pairs.renamed.map(({ expected, live }) =>
    driftFinding({
      id: `drift:${partPlace(table, expected.name)}:name`,
      severity: "note",
      table,
      columns: expected.columns,
      constraint: live.name,
      message: `The ${word} ${expected.name} of ${table} is called ${live.name}.`,
      advice: adviceOf("Write a migration:", [
        renameConstraint({ state, table: pair.live }, { from: live.name, to: expected.name }),
      ]),
    }),
  );
}

function unknownKeys(keys: Keys): readonly Finding[] {
  const { state, pair, word, pairs } = keys;
  const table = pair.table.name;
  return pairs.unknown.map((key) => {
    const { name, columns } = key;
    return driftFinding({
      id: `drift:${partPlace(table, name)}:unknown`,
      table,
      columns,
      constraint: name,
      message: `${table} has a ${word} ${name} on ${listed(columns)} that is not in the registry.`,
      advice: adviceOf("Add it to the registry, or drop it:", [
        dropConstraint({ state, table: pair.live }, name),
        ...dropRequired(keys, key),
      ]),
    });
  });
}

function asIndex(state: DriftState, { table, asIndex: pairs }: TablePair): readonly Finding[] {
  return pairs.map(({ expected, live }) =>
    driftFinding({
      id: `drift:${partPlace(table.name, expected.name)}:index`,
      severity: "note",
      table: table.name,
      columns: expected.columns,
      constraint: live.name,
      message: `The unique constraint ${expected.name} of ${table.name} is there as the unique index ${live.name}.`,
      advice: adviceOf("Write a migration that makes it a constraint:", [
        alterTable(
          table.name,
          state.schema,
          `ADD CONSTRAINT ${quoteIdentifier(expected.name)} UNIQUE USING INDEX ${quoteIdentifier(live.name)}`,
        ),
      ]),
    }),
  );
}

function asConstraint(state: DriftState, pair: TablePair): readonly Finding[] {
  const { table } = pair;
  return pair.asConstraint.flatMap(({ expected, live }) => {
    const index = table.indexes.find(({ name }) => name === expected.name);
    if (!index) return [];
    return [
      driftFinding({
        id: `drift:${partPlace(table.name, expected.name)}:constraint`,
        severity: "note",
        table: table.name,
        columns: expected.columns,
        constraint: live.name,
        message: `The unique index ${expected.name} of ${table.name} is there as the unique constraint ${live.name}.`,
        advice: adviceOf("Nothing needs to be done. To have it as the registry says:", [
          dropConstraint({ state, table: pair.live }, live.name),
          createIndex(index, table.name, state.schema),
        ]),
      }),
    ];
  });
}
