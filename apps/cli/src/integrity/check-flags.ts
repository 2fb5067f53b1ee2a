import { existsSync } from "node:fs";
import type { CheckOptions, CheckPart, FixStrategy } from "@ctb-data/integrity";
import type { Postgres } from "@ctb-data/postgres";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import { settingPath } from "../config/load-settings.ts";
import type { Settings } from "../config/settings.ts";
import { expectedCatalog } from "../project/expected-catalog.ts";
import { readIfThere } from "../project/read-if-there.ts";
import { countOf } from "../terminal/count-of.ts";
import { shellWord } from "../terminal/shell-word.ts";
import type { OpenedIntegrityStores, StoreFlags } from "./open-integrity-stores.ts";

/** The flags of everything that looks for what is wrong. */
export interface CheckFlags extends StoreFlags {
  readonly table?: readonly string[] | undefined;
  readonly strategy?: FixStrategy | undefined;
}

/** The parts of a check that need PostgreSQL. */
const partsOfPostgres: ReadonlySet<CheckPart> = new Set(["rows", "references", "keys"]);

/** @throws {CliError} USAGE for parts that the store does not have. */
export function checkParts({ store }: StoreFlags, parts: readonly CheckPart[] | undefined): void {
  const odd = store === "firestore" ? parts?.find((part) => partsOfPostgres.has(part)) : undefined;
  if (odd !== undefined) {
    throw new CliError(
      "USAGE",
      `--only says ${odd}, which is about PostgreSQL, and --store says firestore.`,
      {
        hint: "Take away one of the two.",
      },
    );
  }
}

/** What a check is asked for, and what it cannot be asked for. */
export interface PreparedCheck {
  readonly options: CheckOptions;
  /** Full sentences. */
  readonly notChecked: readonly string[];
}

/**
 * Reads what a check compares with: what the database should have, and the project's files of Firestore.
 *
 * @param parts - Undefined for all.
 */
export async function prepareCheck(
  context: CommandContext,
  { stores, settings, notOpened }: OpenedIntegrityStores,
  { parts, ...flags }: CheckFlags & { readonly parts?: readonly CheckPart[] | undefined },
): Promise<PreparedCheck> {
  const looksAt = (part: CheckPart): boolean => parts === undefined || parts.includes(part);
  const expected =
    looksAt("drift") && stores.postgres !== undefined
      ? await expectedCatalog(context, settings, stores.registry)
      : undefined;
  return {
    options: {
      parts,
      tables: flags.table,
      strategy: flags.strategy,
      connections: flags.connections,
      statementTimeoutMs: flags.statementTimeout,
      expected: expected?.catalog,
      firestoreFiles:
        flags.firestore === false || flags.store === "postgres"
          ? undefined
          : await firestoreFiles(context, settings),
      signal: context.signal,
    },
    notChecked: [
      ...(looksAt("drift") ? await pendingMigrations(context, stores.postgres, settings) : []),
      ...(looksAt("documents") ? notOpened : []),
      ...(expected?.why === undefined ? [] : [expected.why]),
    ],
  };
}

/** What is missing in a database may be what a migration has not made yet: nobody is to write it a second time. */
async function pendingMigrations(
  { dir }: CommandContext,
  db: Postgres | undefined,
  { MIGRATIONS_DIR: folder }: Settings,
): Promise<readonly string[]> {
  const path = settingPath(dir, folder);
  if (db === undefined || !existsSync(path)) return [];
  const { migrationStatus } = await import("@ctb-data/migrations");
  // What cannot be read here, the check itself tells of.
  const status = await migrationStatus(db, { dir: path }).catch(() => undefined);
  if (status === undefined || status.pending === 0) return [];
  const others = status.initialised
    ? ""
    : ", or migrate baseline where another tool has built the database";
  return [
    `What ${countOf(status.pending, "pending migration")} would change: first ctb-data migrate up${others}, then check again.`,
  ];
}

async function firestoreFiles(
  { dir }: CommandContext,
  { FIRESTORE_INDEXES_PATH: indexes, FIRESTORE_RULES_PATH: rules }: Settings,
): Promise<NonNullable<CheckOptions["firestoreFiles"]>> {
  return {
    indexes: await readIfThere(settingPath(dir, indexes)),
    rules: await readIfThere(settingPath(dir, rules)),
  };
}

/** The flags that the next command must have to be about the same. */
export function sameFlags(flags: CheckFlags): string {
  const words = [
    ...(flags.table ?? []).flatMap((table) => ["--table", table]),
    ...(flags.strategy === undefined ? [] : ["--strategy", flags.strategy]),
    ...(flags.firestore === false || flags.store === "postgres" ? ["--no-firestore"] : []),
    ...(flags.registry === undefined ? [] : ["--registry", flags.registry]),
  ];
  return words.map((word) => ` ${shellWord(word)}`).join("");
}
