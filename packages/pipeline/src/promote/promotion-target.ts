import { createHash } from "node:crypto";
import { encoderOf, modelOf, type AnyValue, type Model } from "@ctb-data/models";
import { copyEncoderOf, quoteIdentifier, type Queryable } from "@ctb-data/postgres";
import type { ColumnType, Registry, Table } from "@ctb-data/registry";
import type { PipelineStores } from "../work-options.ts";
import { checkTarget, missingTable } from "./check-target.ts";
import {
  readLiveTarget,
  type LiveColumn,
  type LiveTarget,
  type LiveUnique,
} from "./live-target.ts";

/** What is promoted into what. */
export interface PromoterOptions {
  readonly stores: PipelineStores;
  /** The canonical table. */
  readonly table: string;
  readonly collection: string;
  /** The canonical columns that come from the blueprint's key. */
  readonly keyColumns: readonly string[];
  /** Those to which it gives the same value in every record. */
  readonly constants?: readonly string[];
  /** All canonical columns that the blueprint gives. */
  readonly mapped: readonly string[];
}

/** A column of the registry that the live table has, too. */
export interface TargetColumn {
  readonly name: string;
  /** Quoted. */
  readonly sqlName: string;
  /** What it is called in the staging table. */
  readonly stage: string;
  readonly live: LiveColumn;
  /** A value (not null) as PostgreSQL prints it. @throws {ModelError} */
  readonly toText: (value: unknown) => string;
  /** A value (not null) as a field of COPY's text format. @throws {ModelError} */
  readonly toField: (value: unknown) => string;
}

/** By what an existing row is found to be the one of a document that was not promoted before. */
export interface UpsertKey {
  readonly columns: readonly TargetColumn[];
  readonly unique: LiveUnique;
  /** Columns that hold blind indexes, when the keyring has several keys: rows may have that of any of them. */
  readonly blind: readonly BlindKey[];
}

/** A blind index in an upsert key. */
export interface BlindKey {
  readonly column: TargetColumn;
  /** The column of the staging table that has all that it may be. */
  readonly stage: string;
  readonly valuesOf: (value: AnyValue) => readonly string[];
}

/** A table to promote into, as the registry and the live database have it. */
export interface PromotionTarget {
  readonly registry: Registry;
  readonly table: Table;
  readonly collection: string;
  readonly live: LiveTarget;
  /** Under which names its promotions may be recorded: the present one first. */
  readonly recordNames: readonly string[];
  readonly columns: ReadonlyMap<string, TargetColumn>;
  readonly primaryKey: readonly TargetColumn[];
  readonly upsertKey: UpsertKey | undefined;
  /** A column of which null and nothing are the same; none where all have defaults. */
  readonly spare: readonly TargetColumn[];
  /** The staging table, whose name changes with its columns. */
  readonly stage: string;
  /** What is stored of a value: encrypted columns as ciphertexts, with their blind indexes. */
  readonly toRow: (value: AnyValue) => object;
  /** Models of the tables that are looked up. */
  readonly modelOf: (table: string) => Model | undefined;
}

/**
 * Looks whether a table can be promoted into, and how.
 *
 * @throws {PipelineError} MISSING_TABLES, REFUSED, DENIED; {PostgresError}
 */
export async function openTarget(
  db: Queryable,
  { stores: { registry, keyring }, ...options }: PromoterOptions,
): Promise<PromotionTarget> {
  const table = registry.tables.get(options.table);
  const live = table && (await readLiveTarget(db, { schema: registry.schema, table: table.name }));
  if (table === undefined || live === undefined) throw missingTable(registry, options.table);
  checkTarget(table, live, options.mapped);
  const columns = targetColumns(table, live);
  const model = modelOf(table, keyring && { keyring });
  const encrypted = [...table.columns.values()].some(({ encryption }) => encryption !== undefined);
  return {
    registry,
    table,
    collection: options.collection,
    live,
    recordNames: [live.place, ...(await formerNames(db, registry, table))],
    columns,
    primaryKey: named(columns, live.uniques[0]?.columns ?? []),
    upsertKey: upsertKeyOf(
      { table, live, columns, model: (keyring?.keyIds.length ?? 0) > 1 ? model : undefined },
      options,
    ),
    spare: [...columns.values()].filter(({ live: l }) => !l.hasDefault && !l.generated).slice(0, 1),
    stage: stageName(columns, (keyring?.keyIds.length ?? 0) > 1),
    toRow: (value) => (encrypted ? model.toRow(value) : value),
    modelOf: (name) => {
      const other = registry.tables.get(name);
      return other && modelOf(other, keyring && { keyring });
    },
  };
}

async function formerNames(
  db: Queryable,
  { schema }: Registry,
  { renamedFrom }: Table,
): Promise<readonly string[]> {
  if (renamedFrom === undefined) return [];
  const { rows } = await db.query<{ readonly place: string }>(
    `SELECT pg_catalog.quote_ident($1) || '.' || pg_catalog.quote_ident($2) AS place`,
    [schema, renamedFrom],
  );
  return rows.map(({ place }) => place);
}

function targetColumns(table: Table, live: LiveTarget): ReadonlyMap<string, TargetColumn> {
  const columns = [...table.columns.values()].flatMap((column, index) => {
    const found = live.columns.get(column.name);
    if (found === undefined) return [];
    const stored: ColumnType =
      column.encryption === undefined ? column.type : { name: "text", kind: "text", dimensions: 0 };
    return [
      {
        name: column.name,
        sqlName: quoteIdentifier(column.name),
        stage: `c${index}`,
        live: found,
        toText: encoderOf(stored),
        toField: copyEncoderOf(stored),
      },
    ];
  });
  return new Map(columns.map((column) => [column.name, column]));
}

function named(
  columns: ReadonlyMap<string, TargetColumn>,
  names: readonly string[],
): readonly TargetColumn[] {
  return names.flatMap((name) => columns.get(name) ?? []);
}

/**
 * The primary key or unique constraint whose columns all come from the blueprint's key, constants beside them; else a primary key that
 * is mapped itself. An encrypted column counts by its blind index.
 */
function upsertKeyOf(
  parts: {
    readonly table: Table;
    readonly live: LiveTarget;
    readonly columns: ReadonlyMap<string, TargetColumn>;
    /** Undefined when a value has one blind index only. */
    readonly model: Model | undefined;
  },
  { keyColumns, constants = [], mapped }: Omit<PromoterOptions, "stores" | "table" | "collection">,
): UpsertKey | undefined {
  const { table, live, columns } = parts;
  const stored = (names: readonly string[]): ReadonlySet<string> =>
    new Set(names.map((name) => table.columns.get(name)?.encryption?.blindIndex?.column ?? name));
  const all = (unique: LiveUnique, names: ReadonlySet<string>): boolean =>
    unique.columns.every((name) => names.has(name) && columns.has(name));
  const byKey = stored(keyColumns);
  const beside = stored([...keyColumns, ...constants]);
  const unique =
    live.uniques.find((one) => all(one, byKey)) ??
    live.uniques.find((one) => all(one, beside) && one.columns.some((name) => byKey.has(name))) ??
    live.uniques.find((one) => one.primary && all(one, stored(mapped)));
  if (unique === undefined) return undefined;
  const key = named(columns, unique.columns);
  return { unique, columns: key, blind: key.flatMap((column) => blindKey(parts, column)) };
}

function blindKey(
  { table, model }: { readonly table: Table; readonly model: Model | undefined },
  column: TargetColumn,
): readonly BlindKey[] {
  const encrypted = table.columns.get(column.name)?.blindIndexOf;
  if (encrypted === undefined || model === undefined) return [];
  const valuesOf = (value: AnyValue): readonly string[] => {
    const plain = value[encrypted];
    return plain === undefined || plain === null ? [] : model.lookup(encrypted, plain).values;
  };
  return [{ column, stage: `b${column.stage}`, valuesOf }];
}

function stageName(columns: ReadonlyMap<string, TargetColumn>, blind: boolean): string {
  const shape = [...columns.values()].map(({ stage, live }) => [stage, live.type]);
  const hash = createHash("sha256")
    .update(JSON.stringify([shape, blind]))
    .digest("hex");
  return `pg_temp.ctb_imo_${hash.slice(0, 16)}`;
}
