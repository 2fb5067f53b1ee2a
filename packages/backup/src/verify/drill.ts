import type { Postgres } from "@ctb-data/postgres";
import type { OpenedBackup } from "../archive/read-backup.ts";
import type { OpenBackupOptions } from "../archive/read-backup.ts";
import { digestArchive, digestDatabase, digestDifferences } from "../firestore/digest-documents.ts";
import { databaseName } from "../firestore/document-line.ts";
import { compareTable } from "../postgres/compare-table.ts";
import { qualifiedName } from "../postgres/qualified-name.ts";
import { restoreBackup } from "../restore/restore-backup.ts";
import type { Storage } from "../storage/storage.ts";
import type { BackupStores, WorkOptions } from "../workflow-options.ts";
import { crossStoreReferences } from "./cross-store-references.ts";

/** What a drill found. */
export interface DrillResult {
  /** What is wrong with the backup; full sentences. */
  readonly findings: readonly string[];
  /** What is worth knowing and no fault of the backup, as references that lead nowhere in the source as well. */
  readonly notes: readonly string[];
}

type DrillOptions = OpenBackupOptions &
  WorkOptions & { readonly storage: Storage; readonly searchPath?: string | undefined };
type Firestore = NonNullable<BackupStores["firestore"]>;

/**
 * Restores a backup into throwaway stores and compares every table and every collection with what was written. Foreign keys are made
 * anew in the course of it, so that the server checks each row of them.
 *
 * @throws {BackupError} what `restoreBackup` throws.
 */
export async function drill(
  backup: OpenedBackup,
  scratch: BackupStores,
  options: DrillOptions,
): Promise<DrillResult> {
  const { manifest, record } = backup;
  const postgres = manifest.postgres === null ? undefined : scratch.postgres;
  const firestore = manifest.firestore === null ? undefined : scratch.firestore;
  const report = await restoreBackup({
    ...options,
    id: record.id,
    ...(postgres === undefined ? {} : { postgres }),
    ...(firestore === undefined ? {} : { firestore }),
    mode: "empty",
    onViolation: "not-valid",
    ramp: false,
  });
  options.onProgress?.({ kind: "step", step: "compare" });
  const findings = [
    ...(postgres === undefined ? [] : await compareRows(backup, postgres, options)),
    ...(firestore === undefined ? [] : await compareDocuments(backup, firestore, options)),
  ];
  const notes = [
    ...(report.postgres?.warnings ?? []),
    ...(postgres === undefined || firestore === undefined
      ? []
      : await crossStoreReferences(postgres, firestore, options)),
  ];
  return { findings, notes };
}

async function compareRows(
  { manifest, parts }: OpenedBackup,
  postgres: Postgres,
  { signal }: DrillOptions,
): Promise<readonly string[]> {
  const findings: string[] = [];
  for (const table of manifest.postgres?.tables ?? []) {
    const { equal, rows, expectedRows } = await compareTable({ postgres, table, parts, signal });
    if (equal) continue;
    findings.push(
      rows === expectedRows
        ? `${qualifiedName(table)}: the rows are not those of the backup.`
        : `${qualifiedName(table)}: ${rows} rows; the backup has ${expectedRows}.`,
    );
  }
  return findings;
}

async function compareDocuments(
  { manifest, parts }: OpenedBackup,
  firestore: Firestore,
  { signal }: DrillOptions,
): Promise<readonly string[]> {
  if (manifest.firestore === null) return [];
  const archived = await digestArchive({
    manifest: manifest.firestore,
    parts,
    target: databaseName(firestore),
    signal,
  });
  return digestDifferences(archived, await digestDatabase({ firestore, signal }));
}
