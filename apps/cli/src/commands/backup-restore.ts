import type { Manifest, RestoreReport } from "@ctb-data/backup";
import { loadBackupKeys } from "../backup/backup-keys.ts";
import { confirmTargets } from "../backup/confirm-targets.ts";
import { backupSettings, openBackupStorage } from "../backup/open-backup-storage.ts";
import {
  openBackupStores,
  type OpenedStores,
  type StoreName,
  type StoreTarget,
} from "../backup/open-backup-stores.ts";
import { seriesFilter } from "../backup/series-of.ts";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { openWorkProgress } from "../progress/work-progress.ts";
import { countOf, durationText } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import { printable } from "../terminal/printable.ts";
import { wrapText } from "../terminal/wrap-text.ts";

interface RestoreFlags {
  readonly id: string;
  readonly only?: StoreName | undefined;
  readonly table?: readonly string[] | undefined;
  readonly collection?: string | undefined;
  readonly overwrite?: true | undefined;
  readonly exact?: true | undefined;
  readonly notValid?: true | undefined;
  readonly searchPath?: string | undefined;
  readonly identity?: readonly string[] | undefined;
  readonly target?: readonly string[] | undefined;
  readonly yes?: true | undefined;
  readonly dryRun?: true | undefined;
  readonly jobs?: number | undefined;
  readonly storage?: string | undefined;
}

/** `ctb-data backup restore` */
export async function backupRestore(
  context: CommandContext,
  flags: RestoreFlags,
): Promise<ExitCode> {
  const { terminal, signal } = context;
  checkFlags(flags);
  const { settings } = await backupSettings(context, flags);
  const keys = await loadBackupKeys(context, settings, { ...flags, withIdentities: true });
  await using storage = await openBackupStorage(context, settings);
  const { openBackup, resolveBackupId, restoreBackup } = await import("@ctb-data/backup");
  const options = { ...keys, signal };
  const id = await resolveBackupId(storage, flags.id, { ...options, ...seriesFilter(settings) });
  const { manifest, record, trusted } = await openBackup(storage, id, options);
  if (!trusted) {
    context.warn(
      `Whose signature ${id} has is not known here (${record.signedBy}): anybody who can write to the storage could have made it. Set BACKUP_PUBLIC_KEY to the key that signs your backups.`,
    );
  }
  const stores = storesOf(manifest, flags);
  await using opened = await openBackupStores(context, settings, {
    stores,
    connections: (flags.jobs ?? 2) + 3,
  });
  const source = printable(record.source.id);
  const plan: RestorePlan = { id, source, manifest, flags, mode: modeOf(flags) };
  if (flags.dryRun === true) {
    sayPlan(context, plan, opened.names);
    return exitCode.done;
  }
  await confirmTargets(context, {
    targets: opened.names,
    warning: warningOf(plan),
    named: flags.target ?? [],
    yes: flags.yes === true,
  });
  const startedAt = performance.now();
  using progress = openWorkProgress(context);
  const report = await restoreBackup({
    ...options,
    ...storeOptions(opened),
    storage,
    id,
    mode: plan.mode,
    onProgress: progress.onProgress,
    onViolation: flags.notValid === true ? "not-valid" : "fail",
    tables: flags.table,
    collection: flags.collection,
    ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
    ...(flags.searchPath === undefined ? {} : { searchPath: flags.searchPath }),
  });
  progress[Symbol.dispose]();
  if (terminal.json) {
    printJson(terminal, { id, mode: plan.mode, targets: opened.names, report });
  } else {
    sayReport(context, report, { ...plan, ms: performance.now() - startedAt });
  }
  return exitCode.done;
}

type Mode = "empty" | "overwrite" | "exact";

interface RestorePlan {
  readonly id: string;
  /** The series that the backup belongs to, as it is shown. */
  readonly source: string;
  readonly manifest: Manifest;
  readonly flags: RestoreFlags;
  readonly mode: Mode;
}

function modeOf({ overwrite, exact }: RestoreFlags): Mode {
  return exact === true ? "exact" : overwrite === true ? "overwrite" : "empty";
}

/** @throws {CliError} USAGE */
function checkFlags({ only, table, collection }: RestoreFlags): void {
  const contradiction =
    only === "firestore" && table !== undefined
      ? "--table names tables of PostgreSQL, and --only says firestore."
      : only === "postgres" && collection !== undefined
        ? "--collection names collections of Firestore, and --only says postgres."
        : undefined;
  if (contradiction !== undefined) {
    throw new CliError("USAGE", contradiction, { hint: "Take away one of the two." });
  }
}

/**
 * The stores that are restored: those that are asked for, by name or by what is picked from them, or all that the backup has.
 *
 * @throws {CliError} NOT_FOUND when the backup does not have what is asked for.
 */
function storesOf(
  { id, postgres, firestore }: Manifest,
  { only, table, collection }: RestoreFlags,
): readonly StoreName[] {
  const there: readonly StoreName[] = [
    ...(postgres === null ? [] : (["postgres"] as const)),
    ...(firestore === null ? [] : (["firestore"] as const)),
  ];
  const picked: readonly StoreName[] = [
    ...(table === undefined ? [] : (["postgres"] as const)),
    ...(collection === undefined ? [] : (["firestore"] as const)),
  ];
  const asked = only === undefined ? (picked.length === 0 ? there : picked) : [only];
  const missing = asked.find((store) => !there.includes(store));
  if (missing !== undefined) {
    throw new CliError(
      "NOT_FOUND",
      `The backup ${id} does not have ${missing === "postgres" ? "PostgreSQL" : "Firestore"}.`,
      { hint: `See what it has: ctb-data backup show ${id}` },
    );
  }
  return asked;
}

function storeOptions({ postgres, firestore }: OpenedStores): {
  readonly postgres?: NonNullable<OpenedStores["postgres"]>["db"];
  readonly firestore?: NonNullable<OpenedStores["firestore"]>;
} {
  return {
    ...(postgres === undefined ? {} : { postgres: postgres.db }),
    ...(firestore === undefined ? {} : { firestore }),
  };
}

function partText({ table, collection }: RestoreFlags): string {
  const parts = [
    ...(table === undefined
      ? []
      : [`the ${table.length === 1 ? "table" : "tables"} ${table.join(", ")}`]),
    ...(collection === undefined ? [] : [`the collection ${collection}`]),
  ];
  return parts.length === 0 ? "" : `${printable(parts.join(" and "))} of `;
}

const modeText: Readonly<Record<Mode, string>> = {
  empty: "What it is restored into must be empty.",
  overwrite: "What is there of the same name is replaced and LOST.",
  exact: "What is there is replaced, what the backup does not have is DELETED.",
};

function warningOf({ id, source, flags, mode }: RestorePlan): string {
  return `This restores ${partText(flags)}the backup ${id} of ${source}. ${modeText[mode]}`;
}

function sayPlan(
  { terminal }: CommandContext,
  { id, source, manifest, flags, mode }: RestorePlan,
  targets: readonly StoreTarget[],
): void {
  if (terminal.json) {
    printJson(terminal, { id, source, mode, targets, dryRun: true });
    return;
  }
  const { out } = terminal;
  const what = `Would restore ${partText(flags)}the backup ${out.paint("bold", id)} of ${source}:`;
  out.line(wrapText(what, out.columns));
  for (const { store, description } of targets) {
    const kind =
      store === "postgres"
        ? `PostgreSQL, ${countOf(manifest.postgres?.tables.length ?? 0, "table")} in the backup`
        : `Firestore, ${countOf(manifest.firestore?.documents ?? 0, "document")} in the backup`;
    out.line(wrapText(`  ${kind}, into ${description}`, out.columns, "    "));
  }
  out.line(`${modeText[mode]} This was a dry run: nothing was changed.`);
}

function sayReport(
  context: CommandContext,
  report: RestoreReport,
  { id, flags, ms }: RestorePlan & { readonly ms: number },
): void {
  const { out } = context.terminal;
  const { postgres, firestore } = report;
  const parts = [
    ...(postgres === null
      ? []
      : [`${countOf(postgres.tables, "table")} with ${countOf(postgres.rows, "row")}`]),
    ...(firestore === null ? [] : [documentsText(firestore)]),
  ];
  const text = `${out.paint("green", "✓")} Restored ${partText(flags)}${id}: ${parts.join(", ")}, after ${durationText(ms)}.`;
  out.line(wrapText(text, out.columns, "  "));
  for (const warning of postgres?.warnings ?? []) {
    context.warn(printable(warning));
  }
  sayNext(out, "ctb-data doctor");
}

function documentsText({
  documents,
  unchanged,
  deleted,
  movedReferences,
}: NonNullable<RestoreReport["firestore"]>): string {
  const notes = [
    ...(unchanged === 0 ? [] : [`${unchanged} ${unchanged === 1 ? "was" : "were"} there already`]),
    ...(deleted === 0 ? [] : [`${countOf(deleted, "other")} deleted`]),
    ...(movedReferences === 0 ? [] : [`${countOf(movedReferences, "reference")} moved along`]),
  ];
  return `${countOf(documents, "document")}${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`;
}
