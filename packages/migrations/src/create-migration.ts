import { mkdir, open, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MigrationError } from "./migration-error.ts";
import { parseMigration } from "./parse-migration.ts";

export interface CreateMigrationOptions {
  /** The folder; made when it does not exist. */
  readonly dir: string;
  /** Words or a slug: `add user roles table`. */
  readonly name: string;
  /** The statements of the up file, without BEGIN and COMMIT. Default: a comment to fill in. */
  readonly up?: string;
  readonly down?: string;
  /** False writes `-- Transaction: none` and no BEGIN and COMMIT. Default true. */
  readonly transaction?: boolean;
  /** Why there is no way back; then no down file is written. */
  readonly irreversible?: string;
  /** For the `Created` header. Default: now. */
  readonly now?: Date;
}

export interface CreatedMigration {
  readonly version: number;
  /** `005_add_user_roles_table` */
  readonly name: string;
  /** Paths: `dir` joined with the file names. */
  readonly up: string;
  readonly down?: string;
}

const defaultDigits = 3;
/** File systems allow 255 bytes, of which number and extension need some. */
const maxNameLength = 100;
/** A timestamp as a number: `20260115093000`. */
const timestampDigits = 14;

/**
 * Writes the next migration and its way back: the highest number plus one, with as many digits as the files there have.
 * Never overwrites, and two at once never take one number.
 *
 * @throws {MigrationError} INVALID_NAME, ALREADY_EXISTS, NO_DIRECTORY, and what parsing `up` and `down` throws.
 */
export async function createMigration(options: CreateMigrationOptions): Promise<CreatedMigration> {
  const { dir, now = new Date() } = options;
  const slug = slugOf(options.name);
  const up = contentOf(options.up ?? "-- Write the change here.", slug, { ...options, now });
  const down =
    options.irreversible === undefined
      ? contentOf(options.down ?? "-- Write the way back here.", slug, { ...options, now })
      : undefined;
  if (options.up !== undefined) await parseMigration(up, `${slug}.sql`);
  if (options.down !== undefined && down !== undefined)
    await parseMigration(down, `${slug}.down.sql`);
  await makeFolder(dir);
  return await exclusively(dir, async () => {
    const { version, number } = nextNumber(await readdir(dir), now);
    const name = `${number}_${slug}`;
    const paths = { up: join(dir, `${name}.sql`), down: join(dir, `${name}.down.sql`) };
    await writeNew(paths.up, up);
    if (down === undefined) return { version, name, up: paths.up };
    await writeNew(paths.down, down).catch(async (error: unknown) => {
      await rm(paths.up, { force: true });
      throw error;
    });
    return { version, name, ...paths };
  });
}

/** `Add "user roles" table` → `add_user_roles_table`. */
function slugOf(name: string): string {
  const plain = name
    .replace(/\.sql$/i, "")
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase();
  const strange = /[/\\\p{Cc}]|\.\.|[^\P{L}a-z]|[^\P{N}0-9]/u.exec(plain)?.[0];
  if (strange !== undefined) {
    throw invalidName(name, `it has ${JSON.stringify(strange)} in it`);
  }
  const slug = plain.replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^_+|_+$/g, "");
  if (slug === "") throw invalidName(name, "there is no letter and no digit in it");
  if (slug.length > maxNameLength)
    throw invalidName(name, `it is longer than ${maxNameLength} characters`);
  return slug;
}

function invalidName(name: string, why: string): MigrationError {
  const shown = JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
  return new MigrationError("INVALID_NAME", `${shown} cannot name a migration: ${why}.`, {
    hint: 'Say in a few words what it does, in letters a to z and digits: "add user roles table".',
  });
}

function contentOf(
  body: string,
  slug: string,
  { transaction = true, irreversible, now }: CreateMigrationOptions & { readonly now: Date },
): string {
  const header = [
    `-- Migration: ${slug}`,
    `-- Created: ${now.toISOString().slice(0, 10)}`,
    ...(transaction ? [] : ["-- Transaction: none"]),
    ...(irreversible === undefined
      ? []
      : [`-- Irreversible: ${irreversible.replaceAll(/\s+/g, " ")}`]),
  ].join("\n");
  const inner = terminated(body.trim());
  const statements = transaction ? `BEGIN;\n\n${inner}\n\nCOMMIT;` : inner;
  return `${header}\n\n${statements}\n`;
}

/** COMMIT must not become part of the last statement. */
function terminated(body: string): string {
  if (body.endsWith(";")) return body;
  const lastLine = body.slice(body.lastIndexOf("\n") + 1);
  if (lastLine.trimStart().startsWith("--")) return body;
  return lastLine.includes("--") ? `${body}\n;` : `${body};`;
}

function nextNumber(
  files: readonly string[],
  now: Date,
): { readonly version: number; readonly number: string } {
  const numbers = files.flatMap((file) => /^(\d{1,15})_.*\.sql$/i.exec(file)?.[1] ?? []);
  const highest = numbers.toSorted((a, b) => Number(a) - Number(b)).at(-1);
  const next = Number(highest ?? 0) + 1;
  const digits = highest?.length ?? defaultDigits;
  const timestamp = Number(now.toISOString().replaceAll(/\D/g, "").slice(0, timestampDigits));
  const version = digits === timestampDigits ? Math.max(next, timestamp) : next;
  return { version, number: String(version).padStart(digits, "0") };
}

async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
  } catch (cause) {
    throw new MigrationError(
      "NO_DIRECTORY",
      `The folder ${dir} cannot be made (${codeOf(cause)}).`,
      {
        cause,
        hint: "Check the path and its permissions.",
      },
    );
  }
}

async function writeNew(path: string, content: string): Promise<void> {
  try {
    await writeFile(path, content, { flag: "wx" });
  } catch (cause) {
    const exists = codeOf(cause) === "EEXIST";
    throw new MigrationError(
      exists ? "ALREADY_EXISTS" : "NO_DIRECTORY",
      exists
        ? `${path} exists already and was not overwritten.`
        : `${path} cannot be written (${codeOf(cause)}).`,
      { cause, hint: exists ? "Choose another name." : "Check the folder's permissions." },
    );
  }
}

const staleAfterMs = 5000;

/** A file in the folder keeps others out: looking for the next number and taking it are two steps. */
async function exclusively<T>(dir: string, fn: () => Promise<T>): Promise<T> {
  const lock = join(dir, ".create.lock");
  while (!(await takeFile(lock))) {
    const { mtimeMs } = await stat(lock).catch(() => ({ mtimeMs: Date.now() }));
    // Its owner was killed in between.
    if (Date.now() - mtimeMs > staleAfterMs) await rm(lock, { force: true });
    await sleep(5 + Math.random() * 20);
  }
  try {
    return await fn();
  } finally {
    await rm(lock, { force: true });
  }
}

async function takeFile(path: string): Promise<boolean> {
  try {
    await (await open(path, "wx")).close();
    return true;
  } catch (cause) {
    if (codeOf(cause) === "EEXIST") return false;
    throw new MigrationError("NO_DIRECTORY", `${path} cannot be written (${codeOf(cause)}).`, {
      cause,
      hint: "Check the folder's permissions.",
    });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
