import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchResult, Comparison } from "../report.ts";
import { type BackupSetting, runSql } from "./backup-setting.ts";
import { startBenchServer } from "./bench-server.ts";
import { createRows, type Source } from "./create-rows.ts";
import { fillDatabase } from "./fill-database.ts";
import { documentRows } from "./firestore/document-rows.ts";
import { ownBuild } from "./own-build.ts";
import { makeBenchKeys } from "./own-job.ts";
import { restoreRows } from "./restore-rows.ts";

const quickMegabytes = 64;
const fullMegabytes = 1100;

/** Times backup and restore of both stores beside the programs that others use for them. */
export async function benchBackup(options: {
  readonly quick: boolean;
  readonly official: string | undefined;
  readonly megabytes: number | undefined;
}): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), "ctb-data-bench-"));
  try {
    const { quick } = options;
    const build = await ownBuild();
    const keys = makeBenchKeys();
    const server = await startBenchServer(folder);
    const setting: BackupSetting = { folder, server, keys, build, rounds: quick ? 1 : 3 };
    const comparisons: Comparison[] = [];
    try {
      const megabytes = options.megabytes ?? (quick ? quickMegabytes : fullMegabytes);
      // The smaller one first, once: what ours holds must not grow with the size.
      comparisons.push(
        ...(await postgresRows({ ...setting, rounds: 1 }, "quarter", megabytes / 4)),
        ...(await postgresRows(setting, "whole", megabytes)),
      );
    } finally {
      await server.close();
    }
    comparisons.push(...(await documentRows(setting, options)));
    return {
      comparisons,
      packages: ["pg", "firestore-export-import", "node-firestore-import-export"],
      programs: { postgres: server.version, "ctb-data": build.description },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function postgresRows(
  setting: BackupSetting,
  database: string,
  megabytes: number,
): Promise<readonly Comparison[]> {
  const { server } = setting;
  await runSql(server.urlOf("postgres"), `CREATE DATABASE ${database}`);
  const url = server.urlOf(database);
  const source: Source = { url, megabytes: (await fillDatabase(url, megabytes)) / 1e6 };
  process.stderr.write(`filled: ${Math.round(source.megabytes)} MB\n`);
  const { comparison, archives } = await createRows(setting, source);
  process.stderr.write("done: create\n");
  const restored = await restoreRows(setting, source, archives);
  process.stderr.write("done: restore\n");
  await runSql(server.urlOf("postgres"), "DROP DATABASE restored");
  return [comparison, restored];
}
