import type { Comparison } from "../../report.ts";
import type { BackupSetting } from "../backup-setting.ts";
import { fillDocuments, connect } from "./bench-documents.ts";
import { documentRestoreRows } from "./document-restore-rows.ts";
import { startDocumentsServer, type DocumentsServer } from "./documents-server.ts";
import { exportRows } from "./export-rows.ts";

const quickDocuments = 5000;
const fullDocuments = 100_000;

/** Exports and restores documents on this project's emulator, and on the official one when its command is given. */
export async function documentRows(
  setting: BackupSetting,
  options: { readonly quick: boolean; readonly official: string | undefined },
): Promise<readonly Comparison[]> {
  const count = options.quick ? quickDocuments : fullDocuments;
  const commands = options.official === undefined ? [undefined] : [undefined, options.official];
  const comparisons: Comparison[] = [];
  for (const official of commands) {
    const server = await startDocumentsServer(official);
    try {
      comparisons.push(...(await rowsOn(setting, server, count)));
    } finally {
      await server.stop();
    }
  }
  return comparisons;
}

async function rowsOn(
  setting: BackupSetting,
  server: DocumentsServer,
  count: number,
): Promise<readonly Comparison[]> {
  const project = "bench-backup";
  const db = connect(server.host, project);
  try {
    await fillDocuments(db, count);
    process.stderr.write(`filled: ${count} documents\n`);
    const source = { server, project, db, count };
    const { comparison, backup } = await exportRows(setting, source);
    process.stderr.write("done: export\n");
    return [comparison, await documentRestoreRows(setting, source, backup)];
  } finally {
    await db.terminate();
  }
}
