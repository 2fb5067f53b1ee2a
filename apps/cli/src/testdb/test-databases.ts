import { PostgresError, type Postgres, quoteIdentifier, quoteLiteral } from "@ctb-data/postgres";
import { CliError } from "../cli-error.ts";

/** A database that `testdb create` has made. */
export interface TestDatabase {
  readonly name: string;
  readonly createdAt: Date;
  /** False for one whose making was killed. */
  readonly ready: boolean;
  readonly sizeBytes: number;
}

/** What the comment of such a database begins with; nothing without it is ever dropped or filled. */
const mark = "ctb-data testdb, made ";
const unfinished = ", not finished";
const defaultName = "testdb_";

/** Those of the server that this user may see, the newest first. */
export async function listTestDatabases(db: Postgres): Promise<readonly TestDatabase[]> {
  const { rows } = await db.query<{ name: string; note: string; size: bigint | null }>(
    `SELECT datname AS name, pg_catalog.shobj_description(oid, 'pg_database') AS note,
      CASE WHEN pg_catalog.has_database_privilege(oid, 'CONNECT') THEN pg_catalog.pg_database_size(oid) END AS size
      FROM pg_catalog.pg_database
      WHERE pg_catalog.starts_with(pg_catalog.shobj_description(oid, 'pg_database'), ${quoteLiteral(mark)})`,
  );
  return rows
    .map(({ name, note, size }) => ({
      name,
      createdAt: new Date(note.slice(mark.length).replace(unfinished, "")),
      ready: !note.endsWith(unfinished),
      sizeBytes: Number(size ?? 0),
    }))
    .toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
}

/**
 * Makes an empty database of this name, or of the first free one, and gives its name.
 *
 * @throws {CliError} USAGE for a name that PostgreSQL does not take as it is; ALREADY_EXISTS when it is taken.
 * @throws {PostgresError} PERMISSION_DENIED without CREATEDB.
 */
export async function makeTestDatabase(db: Postgres, name?: string): Promise<string> {
  checkName(name);
  for (let number = 1; ; number += 1) {
    const wanted = name ?? `${defaultName}${number}`;
    try {
      await db.query(`CREATE DATABASE ${quoteIdentifier(wanted)}`);
      await comment(db, wanted, `${mark}${new Date().toISOString()}${unfinished}`);
      return wanted;
    } catch (error) {
      const isTaken = error instanceof PostgresError && error.sqlState === "42P04";
      if (!isTaken) throw error;
      if (name !== undefined) {
        throw new CliError("ALREADY_EXISTS", `There is a database ${name} already.`, {
          hint: "Choose another name, or drop it first if it is a test database: ctb-data testdb list",
          cause: error,
        });
      }
    }
  }
}

function checkName(name: string | undefined): void {
  const bytes = Buffer.byteLength(name ?? defaultName);
  if (bytes > 0 && bytes < 64) return;
  throw new CliError("USAGE", `The name of a database has 1 to 63 bytes, this one ${bytes}.`, {
    hint: "Choose another one, or leave --name out.",
  });
}

/** Writes down that all is in it. */
export async function markReady(db: Postgres, name: string): Promise<void> {
  await comment(db, name, `${mark}${new Date().toISOString()}`);
}

async function comment(db: Postgres, name: string, text: string): Promise<void> {
  await db.query(`COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${quoteLiteral(text)}`);
}

/** Cuts off whoever is connected. No error when it is gone. */
export async function dropTestDatabase(db: Postgres, name: string): Promise<void> {
  await db.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`);
}

/**
 * The database of this name, or the last one that was made.
 *
 * @throws {CliError} NOT_FOUND; REFUSED for a database that `testdb create` has not made.
 */
export async function findTestDatabase(db: Postgres, name?: string): Promise<TestDatabase> {
  const all = await listTestDatabases(db);
  const found =
    name === undefined ? all.find(({ ready }) => ready) : all.find((each) => each.name === name);
  if (found !== undefined) return found;
  if (name === undefined) {
    throw new CliError("NOT_FOUND", "There is no test database.", {
      hint: "Make one: ctb-data testdb create",
    });
  }
  const { rows } = await db.query("SELECT FROM pg_catalog.pg_database WHERE datname = $1", [name]);
  throw rows.length > 0
    ? new CliError("REFUSED", `The database ${name} was not made by testdb create.`, {
        hint: "Only such databases are filled and dropped: ctb-data testdb list",
      })
    : new CliError("NOT_FOUND", `There is no test database ${name}.`, {
        hint: "See which there are: ctb-data testdb list",
      });
}
