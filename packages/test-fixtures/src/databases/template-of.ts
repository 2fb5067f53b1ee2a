import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { loadMigrations, migrateUp, MigrationError } from "@ctb-data/migrations";
import type { Keyring } from "@ctb-data/models";
import { openPostgres, type Postgres, schemaSql } from "@ctb-data/postgres";
import type { TemplateContent } from "@ctb-data/postgres/scratch";
import type { Registry } from "@ctb-data/registry";
import { FixtureError } from "../fixture-error.ts";
import type { TestSeed } from "./test-database.ts";

/** What decides about the content of a template. */
export interface TemplateParts {
  readonly registry: Registry | undefined;
  readonly migrations: string | undefined;
  readonly keyring: Keyring | undefined;
  readonly seed: TestSeed | undefined;
}

/**
 * The template for a project's databases; undefined for empty ones. Its key comes from the bytes of the files, or of the schema, from the
 * seed's key and from the version of this package.
 *
 * @throws {FixtureError} MIGRATION_FAILED when the files cannot be read.
 */
export async function templateOf(parts: TemplateParts): Promise<TemplateContent | undefined> {
  const { registry, migrations, seed } = parts;
  if (migrations === undefined && registry === undefined && seed === undefined) return undefined;
  const key = await keyOf(parts);
  return {
    key,
    build: async (url) => {
      await using db = await openPostgres({
        url,
        ...(registry && { registry }),
        ...(parts.keyring && { keyring: parts.keyring }),
        applicationName: "ctb-data test template",
      });
      if (migrations !== undefined) await migrate(db, migrations, url);
      else if (registry) await db.query(schemaSql(registry));
      if (seed) await seed.run(db);
      if ((await keyOf(parts)) === key) return;
      throw new FixtureError(
        "MIGRATION_FAILED",
        `The migrations in ${migrations ?? ""} were changed while they ran.`,
        { hint: "Run the tests again." },
      );
    },
  };
}

async function keyOf({ registry, migrations, seed }: TemplateParts): Promise<string> {
  const schema =
    migrations === undefined ? registry && schemaSql(registry) : await migrationTexts(migrations);
  const content = JSON.stringify([ownVersion(), schema ?? null, seed?.key ?? null]);
  return createHash("sha256").update(content).digest("hex");
}

/** Names and texts of the files, in their order. The ways back do not matter. */
async function migrationTexts(dir: string): Promise<readonly (readonly [string, string])[]> {
  try {
    const { files, problems } = await loadMigrations(dir);
    const errors = problems.filter(({ severity }) => severity === "error");
    const [first] = errors;
    if (first) {
      const message = errors.map((problem) => problem.message).join("\n");
      throw new FixtureError("MIGRATION_FAILED", message, { hint: first.hint });
    }
    return files.map(({ file, text }) => [file, text]);
  } catch (error) {
    throw asFailedMigration(error);
  }
}

async function migrate(db: Postgres, dir: string, url: string): Promise<void> {
  try {
    await migrateUp(db, { dir, url });
  } catch (error) {
    throw asFailedMigration(error);
  }
}

function asFailedMigration(error: unknown): unknown {
  if (!(error instanceof MigrationError)) return error;
  const { message, file, line, sqlState } = error;
  // A role belongs to the server, not to one database: an earlier template has brought it there.
  const hint =
    sqlState === "42710" && /\brole "/.test(message)
      ? "Roles belong to the server, and stay when the migrations change: let the migration look for it first, or catch duplicate_object."
      : error.hint;
  const place = file === undefined ? "" : `${file}${line === undefined ? "" : `:${line}`}`;
  return new FixtureError(
    "MIGRATION_FAILED",
    message.includes(place) ? message : `${place}: ${message}`,
    { cause: error, hint },
  );
}

let version: string | undefined;

function ownVersion(): string {
  version ??= readOwnVersion();
  return version;
}

function readOwnVersion(): string {
  // By name: the same from src/ and from dist/.
  const path = createRequire(import.meta.url).resolve("@ctb-data/test-fixtures/package.json");
  const manifest: unknown = JSON.parse(readFileSync(path, "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "";
}
