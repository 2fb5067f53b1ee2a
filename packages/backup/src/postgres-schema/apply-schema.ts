import { type Connection, type Postgres, PostgresError, type Queryable } from "@ctb-data/postgres";
import { BackupError } from "../backup-error.ts";
import { databaseFailure } from "../postgres/database-failure.ts";
import type { OnBackupProgress } from "../progress.ts";
import { schemaSettings } from "./render-schema-sql.ts";
import { runBeside } from "./run-beside.ts";
import type { SchemaObject } from "./schema-object.ts";
import { firstStatement, objectsOf, type SchemaSource, tablesLockedBy } from "./schema-source.ts";

export interface ApplySchemaOptions {
  /** How many connections work at once on indexes and foreign keys. Default 2. */
  readonly jobs?: number;
  /** For building indexes, as `256MB`. Default: the server's. */
  readonly maintenanceWorkMem?: string;
  /** What to do when rows violate a foreign key or check that the source had: `not-valid` makes it NOT VALID, and says so. Default `fail`. */
  readonly onViolation?: "fail" | "not-valid";
  /** What to do with grants and policies of roles that do not exist. `skip` says so in a warning. Default `fail`. */
  readonly onMissingRole?: "fail" | "skip";
  /** What to do with objects whose name is there already. `keep` says so in a warning, whatever they are. Default `fail`. */
  readonly onExisting?: "fail" | "keep";
  /** For functions that name tables without their schema, which index expressions and checks call: `public`, say. Default: none. */
  readonly searchPath?: string;
  readonly onProgress?: OnBackupProgress;
  readonly signal?: AbortSignal;
}

/** What was not done as the source had it, in sentences. */
export interface AppliedSchema {
  readonly warnings: readonly string[];
}

/**
 * Makes what must be there before the rows, in one transaction: all or nothing.
 *
 * @throws {BackupError} DATABASE_FAILED, with the object's name in the message; CANCELLED.
 */
export async function applyPreData(
  db: Postgres,
  source: SchemaSource,
  options: ApplySchemaOptions = {},
): Promise<AppliedSchema> {
  const warnings: string[] = [];
  const { onExisting, onMissingRole, onViolation } = options;
  // Otherwise the first error is the end of all.
  const savepoints =
    onExisting === "keep" || onMissingRole === "skip" || onViolation === "not-valid";
  await withSession(db, options, async (connection) => {
    await connection.query("BEGIN");
    for (const object of objectsOf(source)) {
      options.signal?.throwIfAborted();
      await applyOne(connection, object, { ...options, warnings, savepoints });
    }
    await connection.query("COMMIT");
  });
  return { warnings };
}

/**
 * Makes what comes after the rows: indexes and keys, those of different tables beside each other; then foreign keys, then the rest
 * in its order. Each object is a transaction of its own.
 *
 * @throws {BackupError} DATABASE_FAILED, with the object's name in the message; CANCELLED.
 */
export async function applyPostData(
  db: Postgres,
  source: SchemaSource,
  options: ApplySchemaOptions = {},
): Promise<AppliedSchema> {
  const warnings: string[] = [];
  const jobs = Math.max(1, options.jobs ?? 2);
  await withSessions(db, { ...options, jobs }, async (idle) => {
    const apply = async (object: SchemaObject): Promise<void> => {
      options.onProgress?.({ kind: "step", step: "schema", detail: object.id });
      const connection = idle.pop();
      if (connection === undefined) throw new TypeError("More work than connections.");
      try {
        await applyOne(connection, object, { ...options, warnings, savepoints: false });
      } finally {
        idle.push(connection);
      }
    };
    for (const batch of batchesOf(objectsOf(source))) {
      options.signal?.throwIfAborted();
      await runBeside(batch, jobs, apply);
    }
  });
  return { warnings };
}

/** Grants, default privileges and settings, one after the other. @throws {BackupError} as {@link applyPostData}. */
export async function applyGrants(
  db: Postgres,
  source: SchemaSource,
  options: ApplySchemaOptions = {},
): Promise<AppliedSchema> {
  return await applyPostData(db, source, options);
}

interface Batched {
  readonly item: SchemaObject;
  readonly locks: readonly string[];
}

/** Neighbours that can run beside each other. Foreign keys never run beside what they may need. */
function batchesOf(objects: readonly SchemaObject[]): Batched[][] {
  const batches: Batched[][] = [];
  let last = "alone";
  for (const item of objects) {
    const locks = tablesLockedBy(item);
    const kind = locks === undefined ? "alone" : item.kind === "foreign key" ? "keys" : "builds";
    const batched = { item, locks: locks ?? [] };
    if (kind !== "alone" && kind === last) batches.at(-1)?.push(batched);
    else batches.push([batched]);
    last = kind;
  }
  return batches;
}

async function withSession(
  db: Postgres,
  { maintenanceWorkMem, searchPath, signal }: ApplySchemaOptions,
  fn: (connection: Connection) => Promise<void>,
): Promise<void> {
  try {
    await db.withConnection(
      async (connection) => {
        for (const setting of schemaSettings) await connection.query(setting);
        const own = { maintenance_work_mem: maintenanceWorkMem, search_path: searchPath };
        for (const [name, value] of Object.entries(own)) {
          if (value !== undefined)
            await connection.query("SELECT pg_catalog.set_config($1, $2, false)", [name, value]);
        }
        await fn(connection);
      },
      { destroy: true, ...(signal === undefined ? {} : { signal }) },
    );
  } catch (error) {
    if (signal?.aborted === true && !(error instanceof BackupError))
      throw new BackupError("CANCELLED", "Making the schema was stopped.", { cause: error });
    throw databaseFailure(error, { doing: "Making the schema" });
  }
}

/** As many sessions as there are jobs, for the whole time: a new one for each object would be slow. */
async function withSessions(
  db: Postgres,
  options: ApplySchemaOptions & { readonly jobs: number },
  fn: (connections: Connection[]) => Promise<void>,
): Promise<void> {
  const opened: Connection[] = [];
  const open = async (): Promise<void> => {
    if (opened.length >= options.jobs) {
      await fn(opened);
      return;
    }
    await withSession(db, options, async (connection) => {
      opened.push(connection);
      await open();
    });
  };
  await open();
}

interface Applying extends ApplySchemaOptions {
  readonly warnings: string[];
  readonly savepoints: boolean;
}

async function applyOne(
  connection: Queryable,
  object: SchemaObject,
  options: Applying,
): Promise<void> {
  const attempt = async (sql: string): Promise<void> => {
    if (options.savepoints) await connection.query("SAVEPOINT ctb_object");
    try {
      await connection.query(sql);
    } catch (error) {
      if (options.savepoints) await connection.query("ROLLBACK TO SAVEPOINT ctb_object");
      throw error;
    }
    if (options.savepoints) await connection.query("RELEASE SAVEPOINT ctb_object");
  };
  for (let tries = 1; ; tries += 1) {
    try {
      await attempt(object.sql);
      return;
    } catch (error) {
      if (!(error instanceof PostgresError)) throw error;
      if (error.sqlState === "40P01" && tries < 4) continue;
      const instead = remedyOf(error, object, options);
      if (instead === undefined) throw failureOf(error, object);
      if (instead.sql !== undefined) await attempt(instead.sql);
      options.warnings.push(instead.warning);
      return;
    }
  }
}

/** What is done instead, when the options allow it. */
function remedyOf(
  error: PostgresError,
  object: SchemaObject,
  { onViolation, onMissingRole, onExisting }: Applying,
): { readonly sql?: string; readonly warning: string } | undefined {
  const violated = error.sqlState === "23503" || error.sqlState === "23514";
  if (violated && onViolation === "not-valid") {
    const { first, rest } = firstStatement(object.sql);
    return {
      sql: `${first} NOT VALID;\n${rest}`,
      warning: `${object.id} is violated by rows of the backup. It was made NOT VALID: it holds for new rows; VALIDATE CONSTRAINT when the old ones are repaired.`,
    };
  }
  if (object.kind === "owner" && onMissingRole === "skip") {
    return {
      warning: `${object.id} was left out: ${error.message} It belongs to who restored it, and does what that role may do.`,
    };
  }
  if (isMissingRole(error) && onMissingRole === "skip" && !isRestrictive(object)) {
    return { warning: `${object.id} was left out: ${error.message}` };
  }
  if (existing.has(error.sqlState ?? "") && onExisting === "keep") {
    return { warning: `${object.id} is there already and was kept as it is.` };
  }
  return undefined;
}

/** Without it others would see more than they may. */
function isRestrictive(object: SchemaObject): boolean {
  return object.kind === "policy" && / AS RESTRICTIVE /u.test(object.sql);
}

function isMissingRole(error: PostgresError): boolean {
  return error.sqlState === "42704" && error.message.startsWith("role ");
}

/** Duplicate object, table, schema, function, column. */
const existing = new Set(["42710", "42P07", "42P06", "42723", "42701"]);

function failureOf(error: PostgresError, object: SchemaObject): unknown {
  const { table } = object;
  const details = table === undefined ? {} : { table: `${table.schema}.${table.name}` };
  return databaseFailure(error, { doing: `Making ${object.id}`, hint: hintOf(error), ...details });
}

function hintOf(error: PostgresError): string | undefined {
  const state = error.sqlState ?? "";
  if (state === "23503" || state === "23514") {
    return "Rows of the backup violate it, as they did in the source. Repair them, or let it be made NOT VALID.";
  }
  if (isMissingRole(error)) {
    return "Roles belong to the cluster and are in no backup of a database: create the role, or leave out what needs it.";
  }
  if (existing.has(state)) return "Restore into an empty database.";
  if (state === "42P01" || state === "42883") {
    return "A function may name something without its schema: set `searchPath` to the schemas that it expects (for indexes and refreshes from version 17 on: SET search_path in the function).";
  }
  return error.hint;
}
