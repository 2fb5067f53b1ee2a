import {
  quoteIdentifier,
  type Catalog,
  type CatalogCheck,
  type CatalogColumn,
  type CatalogForeignKey,
  type CatalogTable,
} from "@ctb-data/postgres";
import {
  catalogForeignKeyClause,
  checkClause,
  createIndex,
  foreignKeyClause,
  primaryKeyClause,
  uniqueClause,
} from "@ctb-data/postgres/statements";
import type { ForeignKey, Registry, Table } from "@ctb-data/registry";
import type { Finding, FindingKind } from "../finding.ts";

/** What keeps a finding from coming back, and how that is undone. Statements are without semicolons. */
export interface Guard {
  readonly statements: readonly string[];
  /** Before the rows are put back. */
  readonly undoFirst: readonly string[];
  /** After that. */
  readonly undoLast: readonly string[];
  /** What `undo` cannot make as it was: full sentences. */
  readonly notes: readonly string[];
}

const none: Guard = { statements: [], undoFirst: [], undoLast: [], notes: [] };

interface Place {
  /** `schema.table`, quoted. */
  readonly table: string;
  readonly live: CatalogTable;
  readonly known: Table | undefined;
  readonly schema: string;
  readonly broken: boolean;
}

/** What a guard is made from. */
export interface GuardContext {
  readonly registry: Registry;
  /** What the live database has. */
  readonly catalog: Catalog;
  /** Whether there are rows that break it now: only then a constraint that is marked as valid is not to be trusted. */
  readonly broken: boolean;
}

/**
 * The constraint that belongs to a finding: added where it is missing, validated where it is `NOT VALID`, made again where
 * it is not enforced, switched off, or marked valid while rows break it (`VALIDATE CONSTRAINT` does nothing then). Rules that the
 * database has no form for get none.
 */
export function guardOf(finding: Finding, { registry, catalog, broken }: GuardContext): Guard {
  const live = catalog.tables.find(
    ({ schema, name }) => schema === registry.schema && name === finding.table,
  );
  if (!live || finding.store !== "postgres") return none;
  const place = {
    table: `${quoteIdentifier(live.schema)}.${quoteIdentifier(live.name)}`,
    live,
    known: registry.tables.get(live.name),
    schema: registry.schema,
    broken,
  };
  return guards[finding.kind]?.(finding, place) ?? none;
}

type GuardOf = (finding: Finding, place: Place) => Guard;

const guards: Readonly<Partial<Record<FindingKind, GuardOf>>> = {
  orphan: foreignKeyGuard,
  duplicate: keyGuard,
  null: notNullGuard,
  check: checkGuard,
  drift: plannedGuard,
  constraint_missing: anyGuard,
  constraint_not_validated: anyGuard,
  constraint_disabled: anyGuard,
};

/** Of all drift only sequences that are behind have a fix. What they have counted nobody takes back. */
function plannedGuard({ fix }: Finding): Guard {
  if (!fix) return none;
  return { ...none, statements: fix.statements, notes: [`This stays as it is: ${fix.summary}`] };
}

/** By its name, whatever kind of constraint it is. That of a column which may not be null need not have one. */
function anyGuard(finding: Finding, place: Place): Guard {
  const { constraint, columns = [] } = finding;
  const notNull = place.live.columns.some(
    ({ name, notNullNotValid }) =>
      columns.includes(name) && notNullNotValid !== undefined && notNullNotValid === constraint,
  );
  if (constraint === undefined || notNull) return notNullGuard(finding, place);
  return joined([
    foreignKeyGuard(finding, place),
    keyGuard(finding, place),
    checkGuard(finding, place),
  ]);
}

function joined(parts: readonly Guard[]): Guard {
  return {
    statements: parts.flatMap(({ statements }) => statements),
    undoFirst: parts.flatMap(({ undoFirst }) => undoFirst),
    undoLast: parts.flatMap(({ undoLast }) => undoLast),
    notes: parts.flatMap(({ notes }) => notes),
  };
}

const alter = (table: string, action: string): string => `ALTER TABLE ${table} ${action}`;
const drop = (table: string, name: string): string =>
  alter(table, `DROP CONSTRAINT IF EXISTS ${quoteIdentifier(name)}`);

function foreignKeyGuard(finding: Finding, place: Place): Guard {
  const { live, known, table, schema, broken } = place;
  const declared = known?.foreignKeys.find((key) => isMeant(finding, key));
  const keys = live.foreignKeys.filter((key) =>
    declared
      ? samePairs(key, declared) && key.referencedSchema === schema
      : isMeant(finding, key) && finding.constraint === key.name,
  );
  if (keys.length > 0)
    return joined(keys.map((key) => liveKeyGuard(key, place, broken && finding.kind === "orphan")));
  if (!declared) return none;
  return {
    ...none,
    statements: [alter(table, `ADD ${foreignKeyClause(declared, schema)}`)],
    undoFirst: [drop(table, declared.name)],
  };
}

/** The finding names the constraint; one of a reference without a name in the database has its columns. */
function isMeant(
  { constraint, columns }: Finding,
  key: { readonly name: string; readonly columns: readonly string[] },
): boolean {
  if (constraint !== undefined) return constraint === key.name;
  return columns !== undefined && sameList(columns, key.columns);
}

function samePairs(
  live: CatalogForeignKey,
  key: Pick<ForeignKey, "columns" | "referencedColumns" | "referencedTable">,
): boolean {
  const pairs = (one: typeof key): readonly string[] =>
    one.columns
      .map((column, index) => JSON.stringify([column, one.referencedColumns[index]]))
      .toSorted();
  return live.referencedTable === key.referencedTable && sameList(pairs(live), pairs(key));
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function liveKeyGuard(key: CatalogForeignKey, { table, live }: Place, broken: boolean): Guard {
  const clause = catalogForeignKeyClause(key);
  const again: Guard = {
    statements: [drop(table, key.name).replace(" IF EXISTS", ""), alter(table, `ADD ${clause}`)],
    undoFirst: [drop(table, key.name)],
    undoLast: [alter(table, `ADD ${clause} NOT VALID`)],
    notes: [],
  };
  if (!key.enforced) return { ...again, undoLast: [alter(table, `ADD ${clause} NOT ENFORCED`)] };
  if (!key.validated && key.triggersEnabled)
    return {
      ...again,
      statements: [alter(table, `VALIDATE CONSTRAINT ${quoteIdentifier(key.name)}`)],
    };
  if (!key.triggersEnabled) {
    return {
      ...again,
      notes: [
        `The triggers of ${key.name} on ${live.name} were switched off. They are on now, and it is NOT VALID.`,
      ],
    };
  }
  return broken ? { ...again, notes: [markedNote(key.name, live.name)] } : none;
}

/** The note about a constraint that cannot come back as it was. */
export function markedNote(constraint: string, table: string): string {
  return `${constraint} on ${table} was marked as valid while rows broke it, which no statement makes again: it is NOT VALID now.`;
}

function keyGuard(finding: Finding, { table, live, known, schema, broken }: Place): Guard {
  const name = finding.constraint;
  const index = live.indexes.find((one) => one.unique && one.name === name);
  const isOf = (key: { readonly name: string; readonly columns: readonly string[] }): boolean =>
    isMeant(finding, key);
  const constraint = [live.primaryKey, ...live.uniques].find((key) => key && isOf(key));
  if (index && !index.valid) return invalidIndexGuard(index, { live, schema });
  if (index ?? constraint) {
    return broken && finding.kind === "duplicate" && !live.partitioned
      ? brokenIndexGuard({ table, live, schema }, index?.name, constraint?.name)
      : none;
  }
  const wanted = [
    ...(known?.primaryKey && isOf(known.primaryKey) ? [primaryKeyClause(known.primaryKey)] : []),
    ...(known?.uniques ?? []).filter(isOf).map(uniqueClause),
  ];
  const wantedIndex = known?.indexes.find((one) => one.unique && one.name === name);
  if (wanted[0] !== undefined && name !== undefined) {
    const statements = [alter(table, `ADD ${wanted[0]}`)];
    return { ...none, statements, undoFirst: [drop(table, name)] };
  }
  if (!wantedIndex) return none;
  return {
    ...none,
    statements: [createIndex(wantedIndex, live.name, schema)],
    undoFirst: [
      `DROP INDEX IF EXISTS ${quoteIdentifier(schema)}.${quoteIdentifier(wantedIndex.name)}`,
    ],
  };
}

function invalidIndexGuard(
  index: { readonly name: string; readonly definition: string },
  { live, schema }: { readonly live: CatalogTable; readonly schema: string },
): Guard {
  const name = `${quoteIdentifier(schema)}.${quoteIdentifier(index.name)}`;
  return {
    ...none,
    statements: [`DROP INDEX ${name}`, index.definition],
    undoFirst: [`DROP INDEX IF EXISTS ${name}`],
    notes: [
      `The index ${index.name} of ${live.name}, which a failed build had left invalid, is gone: an invalid one cannot be made.`,
    ],
  };
}

/** Its duplicates came past it: only a new one is to be trusted. */
function brokenIndexGuard(
  {
    table,
    live,
    schema,
  }: { readonly table: string; readonly live: CatalogTable; readonly schema: string },
  index: string | undefined,
  constraint: string | undefined,
): Guard {
  const name = index ?? constraint ?? "";
  const qualified = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
  return {
    ...none,
    statements: [`REINDEX INDEX ${qualified}`],
    undoFirst: [index === undefined ? drop(table, name) : `DROP INDEX IF EXISTS ${qualified}`],
    notes: [
      `${name} of ${live.name} was there while rows broke it, which no statement makes again: it is gone.`,
    ],
  };
}

function notNullGuard({ columns = [] }: Finding, { table, live, known }: Place): Guard {
  const meant = live.columns.filter(({ name }) => columns.includes(name));
  return joined(
    meant.map((column: CatalogColumn): Guard => {
      const name = quoteIdentifier(column.name);
      if (column.notNullNotValid !== undefined) {
        const constraint = quoteIdentifier(column.notNullNotValid);
        return {
          ...none,
          statements: [alter(table, `VALIDATE CONSTRAINT ${constraint}`)],
          undoFirst: [drop(table, column.notNullNotValid)],
          undoLast: [alter(table, `ADD CONSTRAINT ${constraint} NOT NULL ${name} NOT VALID`)],
        };
      }
      if (!column.nullable || known?.columns.get(column.name)?.nullable !== false) return none;
      return {
        ...none,
        statements: [alter(table, `ALTER COLUMN ${name} SET NOT NULL`)],
        undoFirst: [alter(table, `ALTER COLUMN ${name} DROP NOT NULL`)],
      };
    }),
  );
}

function checkGuard({ constraint, kind }: Finding, { table, live, known, broken }: Place): Guard {
  const check = live.checks.find(({ name }) => name === constraint);
  if (check) return liveCheckGuard(check, { table, live }, broken && kind === "check");
  const declared = known?.checks.find(({ name }) => name === constraint);
  if (!declared) return none;
  return {
    ...none,
    statements: [alter(table, `ADD ${checkClause(declared)}`)],
    undoFirst: [drop(table, declared.name)],
  };
}

function liveCheckGuard(
  check: CatalogCheck,
  { table, live }: { readonly table: string; readonly live: CatalogTable },
  broken: boolean,
): Guard {
  const clause = `CONSTRAINT ${quoteIdentifier(check.name)} CHECK (${check.expression})`;
  const again: Guard = {
    statements: [drop(table, check.name).replace(" IF EXISTS", ""), alter(table, `ADD ${clause}`)],
    undoFirst: [drop(table, check.name)],
    undoLast: [alter(table, `ADD ${clause} NOT VALID`)],
    notes: [],
  };
  if (!check.enforced) return { ...again, undoLast: [alter(table, `ADD ${clause} NOT ENFORCED`)] };
  if (!check.validated)
    return {
      ...again,
      statements: [alter(table, `VALIDATE CONSTRAINT ${quoteIdentifier(check.name)}`)],
    };
  return broken ? { ...again, notes: [markedNote(check.name, live.name)] } : none;
}
