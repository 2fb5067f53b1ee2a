import { Client } from "pg";
import type { BenchServer } from "./bench-server.ts";
import type { OwnBuild } from "./own-build.ts";
import type { BenchKeys } from "./own-job.ts";
import { cpuSecondsOf, parentOf } from "./process-tree.ts";

/** What all comparisons of one run share. */
export interface BackupSetting {
  readonly folder: string;
  readonly server: BenchServer;
  readonly keys: BenchKeys;
  readonly build: OwnBuild;
  readonly rounds: number;
}

/** Names of contenders: tables, aims and ratios find them by these. */
export const names = {
  ceiling: "COPY to /dev/null, 2 connections",
  folder1: "pg_dump -Fd -j2 -Z1",
  folder0: "pg_dump -Fd -j2 -Z0",
  custom: "pg_dump -Fc",
  pipe: "pg_dump -Fc -Z0 | zstd -3 | age",
  own: "ctb-data, encrypted",
  ownClear: "ctb-data, encryption none",
  restoreFolder: "pg_restore -Fd -j2",
  restoreCustom: "pg_restore -Fc",
} as const;

/** One statement on a connection of its own. */
export async function runSql(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** What the server has used so far, all its processes together, in seconds of one core. */
export async function serverCpuSeconds({ server }: Pick<BackupSetting, "server">): Promise<number> {
  const client = new Client({ connectionString: server.urlOf("postgres") });
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    return await cpuSecondsOf(await parentOf(rows[0]?.pid ?? 0));
  } finally {
    await client.end();
  }
}
