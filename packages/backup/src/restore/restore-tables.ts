import type { OpenedBackup } from "../archive/read-backup.ts";
import { BackupError } from "../backup-error.ts";
import { applyPostData, applyPreData } from "../postgres-schema/apply-schema.ts";
import { objectsForTable } from "../postgres-schema/objects-for-table.ts";
import type { SchemaExport, SchemaObject } from "../postgres-schema/schema-object.ts";
import { asDatabaseWork } from "../postgres/database-failure.ts";
import { qualifiedName } from "../postgres/qualified-name.ts";
import { restoreRows, type RestoreRowsMode } from "../postgres/restore-rows.ts";
import { restoreSequences } from "../postgres/restore-sequences.ts";
import { applyOptionsOf, statementOf } from "./apply-options.ts";
import { readSchemaObjects } from "./archived-schema.ts";
import {
  dropMarker,
  markDone,
  markerStatements,
  readMarker,
  type RestoreMarker,
} from "./postgres-target.ts";
import type { PostgresPart, RestoredRows } from "./restore-options.ts";
import type { PostgresRestoreOptions } from "./restore-postgres.ts";
import { wantedTables, type WantedTable } from "./wanted-tables.ts";

/** What is to be done, found out before anything is touched. */
interface TablePlan {
  /** Tables with rows: those that are asked for, with their partitions. */
  readonly wanted: readonly WantedTable[];
  /** Quoted names of those that the database does not have, or has from an earlier try of this restore. */
  readonly toMake: readonly string[];
  readonly toDrop: readonly string[];
  /** Those that were there and empty when an earlier try began. */
  readonly begun: ReadonlySet<string>;
  readonly preData: readonly SchemaObject[];
  readonly postData: readonly SchemaObject[];
  readonly leftOut: readonly string[];
  /** An earlier try of this restore had all of these rows in place. */
  readonly isDone: boolean;
}

/**
 * Restores some tables, or all of them over what is there. A table that the database does not have is made, with what it needs; what
 * belongs to it but needs a table that is not restored is left out, and told.
 *
 * @throws {BackupError} NOT_FOUND, NOT_EMPTY, REFUSED, and what `restoreRows` throws.
 */
export async function restoreTables(
  backup: OpenedBackup,
  manifest: PostgresPart,
  options: PostgresRestoreOptions,
): Promise<RestoredRows> {
  const { postgres, onProgress, mode = "empty" } = options;
  const schema = await readSchemaObjects(backup.parts, manifest);
  const plan = await planTables({ backup, manifest, schema }, options);
  const count = {
    tables: plan.wanted.length,
    rows: sumOf(plan.wanted.map(({ table }) => table.rows)),
  };
  if (plan.isDone && mode === "empty") return { ...count, warnings: [] };
  const applying = { ...applyOptionsOf(options), onExisting: "keep" as const };
  onProgress?.({ kind: "step", step: "schema" });
  const made = await applyPreData(
    postgres,
    [...beginning(backup, plan, mode), ...plan.preData],
    applying,
  );
  try {
    await loadWanted(backup, plan, options);
  } catch (error) {
    // Rows that came in between are somebody's: the next try must not take the table for one that it may empty.
    if (error instanceof BackupError && error.code === "NOT_EMPTY")
      await leaveWord(postgres, backup, plan.toMake);
    // It was one transaction, and left nothing: nothing is unfinished, and other backups may be restored and made.
    else if (mode !== "empty" && plan.toMake.length === 0 && plan.begun.size === 0)
      await postgres.transaction(dropMarker);
    throw error;
  }
  const { own, shared } = await sequencesOf(postgres, manifest, plan);
  const stop = options.signal === undefined ? {} : { signal: options.signal };
  await restoreSequences(postgres, own, { raise: mode === "overwrite", ...stop });
  await restoreSequences(postgres, shared, { raise: true, ...stop });
  const built = await applyPostData(postgres, plan.postData, applying);
  await asDatabaseWork(
    { doing: "Ending the restore" },
    async () => await postgres.transaction(markDone),
  );
  return {
    ...count,
    warnings: [
      ...[...made.warnings, ...built.warnings].filter(
        (warning) => !warning.includes("is there already"),
      ),
      ...plan.leftOut.map((id) => `${id} was left out: it needs a table that was not restored.`),
    ],
  };
}

async function leaveWord(
  postgres: PostgresRestoreOptions["postgres"],
  { record }: OpenedBackup,
  toMake: readonly string[],
): Promise<void> {
  const tables = Object.fromEntries(toMake.map((name) => [name, "made" as const]));
  const statements = markerStatements({ backup: record.id, whole: false, tables });
  await postgres.transaction(async (tx) => {
    for (const sql of statements) await tx.query(sql);
  });
  if (toMake.length === 0) await postgres.transaction(dropMarker);
}

interface Archived {
  readonly backup: OpenedBackup;
  readonly manifest: PostgresPart;
  readonly schema: SchemaExport;
}

async function planTables(
  { backup, manifest, schema }: Archived,
  options: PostgresRestoreOptions,
): Promise<TablePlan> {
  const { postgres } = options;
  const marker = await readMarker(postgres);
  const wanted = wantedTables(manifest, schema, options.tables);
  refuseOther(marker, backup.record.id, options.mode === "exact" ? wanted : []);
  const there = await presentTables(
    postgres,
    wanted.map(({ root }) => qualifiedName(root)),
  );
  const begun = new Set(
    Object.keys(marker?.tables ?? {}).filter((name) => marker?.tables[name] === "empty"),
  );
  const isOurs = (name: string): boolean => marker?.tables[name] === "made";
  const roots = [...new Map(wanted.map(({ root }) => [qualifiedName(root), root])).entries()];
  const missing = roots.filter(([name]) => !there.has(name) || isOurs(name));
  const isDone = marker?.done === true && wanted.every((each) => isBegunIn(marker, each));
  if ((options.mode ?? "empty") === "empty" && !isDone)
    await refuseRows(
      postgres,
      wanted.map(({ table }) => qualifiedName(table)).filter((name) => !begun.has(name)),
      isOurs,
    );
  const objects = missing.map(([, root]) => objectsForTable(schema, root.schema, root.name));
  const ids = new Set(
    objects.flatMap(({ preData, postData }) => [...preData, ...postData].map(({ id }) => id)),
  );
  const leftOut = new Set(objects.flatMap((each) => each.leftOut));
  return {
    wanted,
    toMake: missing.map(([name]) => name),
    toDrop: missing.map(([name]) => name).filter((name) => there.has(name)),
    begun,
    // In the order of the whole, so that what several tables need comes before all of them.
    preData: schema.preData.filter(({ id }) => ids.has(id)),
    postData: schema.postData.filter(({ id }) => ids.has(id)),
    isDone,
    leftOut: [...leftOut].filter((id) => !ids.has(id)),
  };
}

/** Drops what an earlier try made, and leaves word of this one. */
function beginning(
  { record }: OpenedBackup,
  { wanted, toMake, toDrop, begun }: TablePlan,
  mode: NonNullable<PostgresRestoreOptions["mode"]>,
): readonly SchemaObject[] {
  const made = new Set(toMake);
  const names = wanted.map(
    ({ root, table }) => [qualifiedName(root), qualifiedName(table)] as const,
  );
  const tables: Record<string, "made" | "empty"> = Object.fromEntries(
    toMake.map((name) => [name, "made"]),
  );
  // Only a table that is known to be empty may be emptied by the next try.
  for (const [root, name] of names)
    if (!made.has(root) && (mode === "empty" || begun.has(name))) tables[name] = "empty";
  return [
    ...toDrop.map((name) => `DROP TABLE ${name} CASCADE`),
    ...markerStatements({ backup: record.id, whole: false, tables }),
  ].map((sql, index) => statementOf(`preparing the tables, step ${index + 1}`, sql));
}

async function loadWanted(
  { parts }: OpenedBackup,
  { wanted, toMake, begun }: TablePlan,
  { postgres, mode = "empty", jobs, onProgress, signal }: PostgresRestoreOptions,
): Promise<void> {
  const made = new Set(toMake);
  const load = async (which: readonly WantedTable[], how: RestoreRowsMode): Promise<void> => {
    if (which.length === 0) return;
    const tables = which.map(({ table }) => table);
    const jobCount = jobs === undefined ? {} : { jobs };
    await restoreRows({ postgres, tables, parts, mode: how, ...jobCount, onProgress, signal });
  };
  const isMade = ({ root }: WantedTable): boolean => made.has(qualifiedName(root));
  const isBegun = ({ table }: WantedTable): boolean => begun.has(qualifiedName(table));
  await load(wanted.filter(isMade), "empty");
  await load(
    wanted.filter((each) => !isMade(each) && isBegun(each)),
    mode === "overwrite" ? mode : "exact",
  );
  await load(
    wanted.filter((each) => !isMade(each) && !isBegun(each)),
    mode,
  );
}

/** Sequences that the tables own, or take their defaults from; `shared` are those that other tables take theirs from, too. */
async function sequencesOf(
  postgres: PostgresRestoreOptions["postgres"],
  manifest: PostgresPart,
  { wanted }: TablePlan,
): Promise<Readonly<Record<"own" | "shared", PostgresPart["sequences"]>>> {
  const names = wanted.flatMap(({ root, table }) => [qualifiedName(root), qualifiedName(table)]);
  const { rows } = await postgres.query<{ schema: string; name: string; shared: boolean }>(
    `WITH wanted AS (SELECT DISTINCT pg_catalog.to_regclass(name) AS oid FROM unnest($1::text[]) AS name),
       takes AS (SELECT d.refobjid AS sequence, a.adrelid IN (SELECT oid FROM wanted) AS inside
         FROM pg_catalog.pg_attrdef AS a JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = a.oid
         WHERE d.refclassid = 'pg_catalog.pg_class'::regclass)
     SELECT n.nspname AS schema, c.relname AS name,
       EXISTS (SELECT FROM takes WHERE sequence = c.oid AND NOT inside) AS shared FROM pg_catalog.pg_class AS c
       JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind = 'S' AND (
       EXISTS (SELECT FROM pg_catalog.pg_depend AS d JOIN wanted ON d.refobjid = wanted.oid
         WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i'))
       OR EXISTS (SELECT FROM takes WHERE sequence = c.oid AND inside))`,
    [names],
  );
  const found = new Map(rows.map((row) => [qualifiedName(row), row.shared]));
  const those = (shared: boolean): PostgresPart["sequences"] =>
    manifest.sequences.filter((sequence) => found.get(qualifiedName(sequence)) === shared);
  return { own: those(false), shared: those(true) };
}

function isBegunIn({ tables }: RestoreMarker, { root, table }: WantedTable): boolean {
  return tables[qualifiedName(root)] === "made" || tables[qualifiedName(table)] === "empty";
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** Before word is left that these tables were empty. */
async function refuseRows(
  postgres: PostgresRestoreOptions["postgres"],
  names: readonly string[],
  isOurs: (name: string) => boolean,
): Promise<void> {
  const there = await presentTables(postgres, names);
  for (const name of names) {
    if (!there.has(name) || isOurs(name)) continue;
    const { rows } = await postgres.query<{ any: boolean }>(
      `SELECT EXISTS (SELECT FROM ONLY ${name}) AS any`,
    );
    if (rows[0]?.any !== true) continue;
    throw new BackupError("NOT_EMPTY", `The table ${name} has rows.`, {
      table: name,
      hint: "Have rows of the same key replaced (`overwrite`), or all of them (`exact`).",
    });
  }
}

async function presentTables(
  postgres: PostgresRestoreOptions["postgres"],
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await postgres.query<{ name: string }>(
    "SELECT name FROM unnest($1::text[]) AS name WHERE pg_catalog.to_regclass(name) IS NOT NULL",
    [names],
  );
  return new Set(rows.map(({ name }) => name));
}

/** What an unfinished restore of another backup left may go where it is replaced as a whole: by `replaced`. */
function refuseOther(
  marker: RestoreMarker | undefined,
  id: string,
  replaced: readonly WantedTable[],
): void {
  if (marker === undefined || (!marker.whole && marker.backup === id)) return;
  const names = new Set(replaced.flatMap(({ root, table }) => [root, table]).map(qualifiedName));
  const left = Object.keys(marker.tables).filter((name) => !names.has(name));
  if (!marker.whole && left.length === 0) return;
  throw new BackupError(
    "REFUSED",
    `The database holds an unfinished restore of ${marker.backup}, begun ${marker.startedAt}.`,
    {
      hint: marker.whole
        ? "Run that restore again first: it starts over and ends what was begun."
        : `Run that restore again first; or restore ${left.join(", ")}, too, with \`exact\`.`,
      backup: marker.backup,
    },
  );
}
