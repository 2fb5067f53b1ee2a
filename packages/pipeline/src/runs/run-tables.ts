import { quoteIdentifier } from "@ctb-data/postgres";
import type { Column, Registry, ValueKind } from "@ctb-data/registry";
import { databaseError } from "../database-error.ts";
import { PipelineError } from "../pipeline-error.ts";
import type { PipelineStores } from "../work-options.ts";
import type { StageName } from "./run-record.ts";
import { stageNames } from "./stage-record.ts";

/** The registry's tables that runs are kept in, as they are in the database. */
export interface RunTables {
  /** Quoted for SQL. */
  readonly processes: string;
  readonly blueprints: string;
  /** SQL for `created_at` of a process, an `imo_processes p`, as ISO 8601 in UTC. */
  readonly createdAt: string;
  /** What a new row must be given. */
  /** Stages that cannot be null: nothing is an empty object in them. */
  readonly neverNull: ReadonlySet<StageName>;
  readonly newProcess: NewRowFacts;
  readonly newBlueprint: NewRowFacts;
}

/** What is known of inserting into a table. */
export interface NewRowFacts {
  readonly table: string;
  /** Cannot be null and have no default. */
  readonly mustBeGiven: readonly string[];
  /** By column: how the moment of now is written, where `created_at` has no default. */
  readonly now: string | undefined;
}

type Kind = "number" | "text" | "json" | "moment";

interface Wanted {
  readonly kind: Kind;
  /** How many characters must fit. */
  readonly length?: number;
}

const wanted: Readonly<Record<string, Readonly<Record<string, Wanted>>>> = {
  imo_processes: {
    id: { kind: "number" },
    blueprint_id: { kind: "number" },
    input_stage: { kind: "json" },
    middle_stage: { kind: "json" },
    output_stage: { kind: "json" },
    status: { kind: "text", length: "cancelled".length },
    created_at: { kind: "moment" },
  },
  blueprints: {
    id: { kind: "number" },
    blueprint_type: { kind: "text", length: "imo".length },
    config: { kind: "json" },
    created_at: { kind: "moment" },
  },
};

const kindsOf: Readonly<Record<Kind, ReadonlySet<ValueKind>>> = {
  number: new Set(["int16", "int32", "int64"]),
  text: new Set(["text"]),
  json: new Set(["json"]),
  moment: new Set(["timestamp", "timestamptz"]),
};

const typesOf: Readonly<Record<Kind, ReadonlySet<string>>> = {
  number: new Set(["int2", "int4", "int8"]),
  text: new Set(["text", "varchar"]),
  json: new Set(["json", "jsonb"]),
  moment: new Set(["timestamp", "timestamptz"]),
};

interface LiveColumn {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  /** Of a varchar. */
  readonly length: number | null;
  readonly isNotNull: boolean;
  readonly hasDefault: boolean;
}

/** Domains count as what they are made of. */
const columnsSql = `SELECT c.relname AS table, a.attname AS column, b.typname AS type,
  CASE WHEN t.typtype = 'd' THEN NULLIF(t.typtypmod, -1) ELSE NULLIF(a.atttypmod, -1) END - 4 AS length,
  a.attnotnull OR t.typnotnull AS "isNotNull", a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL AS "hasDefault"
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
WHERE n.nspname = $1 AND c.relname IN ('imo_processes', 'blueprints') AND c.relkind IN ('r', 'p')`;

/**
 * The tables `blueprints` and `imo_processes` of the registry, which must be in the database too.
 *
 * @throws {PipelineError} MISSING_TABLES, DATABASE_FAILED
 */
export async function findRunTables({ registry, postgres }: PipelineStores): Promise<RunTables> {
  checkRegistryTables(registry);
  const live = await readColumns(postgres, registry.schema);
  for (const table of Object.keys(wanted)) checkLiveTable(table, live, registry);
  const createdAt = live.get("imo_processes")?.get("created_at")?.type;
  const zone = createdAt === "timestamptz" ? " AT TIME ZONE 'UTC'" : "";
  return {
    processes: qualified(registry, "imo_processes"),
    blueprints: qualified(registry, "blueprints"),
    createdAt: `pg_catalog.to_char(p.created_at${zone}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
    neverNull: new Set(
      stageNames.filter(
        (name) => live.get("imo_processes")?.get(`${name}_stage`)?.isNotNull === true,
      ),
    ),
    newProcess: newRowFacts(registry, "imo_processes", live),
    newBlueprint: newRowFacts(registry, "blueprints", live),
  };
}

/** @throws {PipelineError} MISSING_TABLES for a column that nobody gives a value. */
export function checkInsertable(
  { table, mustBeGiven }: NewRowFacts,
  given: readonly string[],
): void {
  const rest = mustBeGiven.filter((column) => !given.includes(column)).map(quoteIdentifier);
  if (rest.length === 0) return;
  throw new PipelineError(
    "MISSING_TABLES",
    `A row cannot be added to ${table}: ${rest.join(", ")} cannot be null and ${rest.length === 1 ? "has" : "have"} no default.`,
    { table, hint: "Give it a default, or let it be null." },
  );
}

type LiveColumns = ReadonlyMap<string, ReadonlyMap<string, LiveColumn>>;

async function readColumns(
  postgres: PipelineStores["postgres"],
  schema: string,
): Promise<LiveColumns> {
  const tables = new Map<string, Map<string, LiveColumn>>();
  try {
    const { rows } = await postgres.query<LiveColumn>(columnsSql, [schema]);
    for (const row of rows) {
      const columns = tables.get(row.table) ?? new Map<string, LiveColumn>();
      tables.set(row.table, columns.set(row.column, row));
    }
  } catch (error) {
    throw databaseError(error, "The tables of runs could not be looked up");
  }
  return tables;
}

function checkRegistryTables(registry: Registry): void {
  for (const [name, columns] of Object.entries(wanted)) {
    const table = registry.tables.get(name);
    if (table === undefined) {
      throw missing(
        `The registry has no table ${quoteIdentifier(name)}, in which runs of a pipeline are kept.`,
        "Add it to the registry as docs/formats.md shows it, and run ctb-data migrate up.",
        qualified(registry, name),
      );
    }
    for (const [column, want] of Object.entries(columns)) {
      const found = table.columns.get(column);
      if (found !== undefined && fits(found, want)) continue;
      throw missing(
        `The registry's table ${quoteIdentifier(name)} has ${found === undefined ? "no column" : "another type for the column"} ${quoteIdentifier(column)}: ${spelled(want)} is needed${found?.encryption === undefined ? "" : ", not encrypted"}.`,
        "Runs are kept in it. Correct the registry, and run ctb-data migrate up.",
        qualified(registry, name),
      );
    }
  }
}

function fits({ type, encryption }: Column, { kind, length = 0 }: Wanted): boolean {
  if (encryption !== undefined || type.dimensions > 0 || type.kind === "enum") return false;
  if (!kindsOf[kind].has(type.kind) || type.name === "char") return false;
  return type.kind !== "text" || (type.length ?? length) >= length;
}

function checkLiveTable(name: string, live: LiveColumns, registry: Registry): void {
  const table = qualified(registry, name);
  const columns = live.get(name);
  if (columns === undefined) {
    throw missing(
      `The database has no table ${table}, in which runs of a pipeline are kept.`,
      "Run ctb-data migrate up.",
      table,
    );
  }
  for (const [column, want] of Object.entries(wanted[name] ?? {})) {
    const found = columns.get(column);
    if (found === undefined) {
      throw missing(
        `The table ${table} has no column ${quoteIdentifier(column)}.`,
        "Run ctb-data migrate up.",
        table,
      );
    }
    const { kind, length = 0 } = want;
    if (
      typesOf[kind].has(found.type) &&
      (found.type !== "varchar" || (found.length ?? length) >= length)
    )
      continue;
    throw missing(
      `The column ${quoteIdentifier(column)} of ${table} has the type ${found.type}${found.length === null ? "" : `(${found.length})`}, where ${spelled(want)} is needed.`,
      "The database differs from the registry: ctb-data integrity check tells where.",
      table,
    );
  }
}

function newRowFacts(registry: Registry, name: string, live: LiveColumns): NewRowFacts {
  const columns = live.get(name);
  const created = columns?.get("created_at");
  const utc = created?.type === "timestamptz" ? "" : " AT TIME ZONE 'UTC'";
  return {
    table: qualified(registry, name),
    mustBeGiven: [...(columns?.values() ?? [])]
      .filter(({ isNotNull, hasDefault }) => isNotNull && !hasDefault)
      .map(({ column }) => column),
    now: created?.hasDefault === true ? undefined : `pg_catalog.clock_timestamp()${utc}`,
  };
}

const spellings: Readonly<Record<Kind, string>> = {
  number: "smallint, integer or bigint",
  text: "text or varchar",
  json: "jsonb or json",
  moment: "timestamp or timestamptz",
};

function spelled({ kind, length }: Wanted): string {
  return `${spellings[kind]}${length === undefined ? "" : ` of at least ${length} characters`}`;
}

function qualified(registry: Registry, table: string): string {
  return `${quoteIdentifier(registry.schema)}.${quoteIdentifier(table)}`;
}

function missing(message: string, hint: string, table: string): PipelineError {
  return new PipelineError("MISSING_TABLES", message, { hint, table });
}
