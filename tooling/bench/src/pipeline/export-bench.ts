import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runSql, serverCpuSeconds } from "../backup/backup-setting.ts";
import type { BenchServer } from "../backup/bench-server.ts";
import { runMeasured, type Usage } from "../backup/measured-process.ts";
import type { OwnBuild } from "../backup/own-build.ts";
import { UsageLog } from "../backup/usage-log.ts";
import { compare, type Contender, type Figure } from "../measure.ts";
import type { Aim, Comparison } from "../report.ts";
import { exportQueries, fillExport } from "./export-data.ts";
import type { ExportBlueprint, ExportJob } from "./export-job.ts";

export interface ExportSetting {
  readonly folder: string;
  readonly server: BenchServer;
  readonly build: OwnBuild;
  readonly quick: boolean;
}

const names = {
  joined: "psql \\copy, joined and in order",
  columns: "psql \\copy, one table",
  acme: "ctb-data, acme as CSV",
  ndjson: "ctb-data, acme as NDJSON",
  plain: "ctb-data, columns as they are",
} as const;

/** Times exports beside `\copy` of the same rows; the smaller size shows whether memory grows. */
export async function compareExport(setting: ExportSetting): Promise<readonly Comparison[]> {
  const rows = setting.quick ? 100_000 : 1_000_000;
  const peaks = new Map<number, number>();
  const small = await comparisonOf({ ...setting, rows: rows / 10, peaks });
  const large = await comparisonOf({ ...setting, rows, peaks });
  return [small, large];
}

interface Work extends ExportSetting {
  readonly rows: number;
  /** Of the acme export, by rows. */
  readonly peaks: Map<number, number>;
}

async function comparisonOf(work: Work): Promise<Comparison> {
  const { server, rows, quick, peaks } = work;
  // The smaller size is there for its memory; most of its time is the start of the process.
  const isLarge = peaks.size > 0;
  const database = `export_${rows}`;
  await runSql(server.urlOf("postgres"), `CREATE DATABASE ${database}`);
  const url = server.urlOf(database);
  await fillExport(url, rows);
  const log = new UsageLog();
  const contending = { url, log };
  const others = [
    byPsql(work, { ...contending, query: "columns" }),
    byOwn(work, { ...contending, blueprint: "ndjson" }),
    byOwn(work, { ...contending, blueprint: "plain" }),
  ];
  const figures = await compare(
    [
      byPsql(work, { ...contending, query: "joined" }),
      byOwn(work, { ...contending, blueprint: "acme" }),
      ...(isLarge ? others : []),
    ],
    { rounds: quick ? 3 : 5 },
  );
  peaks.set(rows, log.peakMiB(names.acme));
  return {
    title: `${rows.toLocaleString("en-US")} rows exported, PostgreSQL ${server.version}`,
    figures,
    details: log.details(true),
    count: { of: rows, unit: "rows" },
    aims: isLarge ? [...rateAims(figures), ...memoryAims(work)] : [],
    notes: [
      "psql writes the columns that the blueprint reads, the whole JSON among them; ours takes values out of it, codes and formats them",
      "ours joins and orders as the first psql does, counts a SHA-256, and the file is on the disk before it appears; psql leaves it to the system",
    ],
  };
}

function rateAims(figures: readonly Figure[]): readonly Aim[] {
  const ms = (name: string): number =>
    figures.find((figure) => figure.name === name)?.medianMs ?? Number.NaN;
  return [names.joined, names.columns].map((other) => {
    const share = ms(other) / ms(names.acme);
    return {
      text: `acme as CSV at least 0.7 of ${other}`,
      reached: share >= 0.7,
      measured: share.toFixed(2),
    };
  });
}

function memoryAims({ rows, peaks }: Work): readonly Aim[] {
  const [less, more] = [peaks.get(rows / 10), peaks.get(rows)];
  if (less === undefined || more === undefined || !Number.isFinite(more)) return [];
  return [
    {
      // What the network's buffers leave is collected now and then: the peak is that of the fullest moment.
      text: "memory flat: ten times the rows within 64 MiB",
      reached: more - less < 64,
      measured: `${Math.round(less)} and ${Math.round(more)} MiB`,
    },
  ];
}

interface Contending {
  readonly url: string;
  readonly log: UsageLog;
}

function byPsql(
  work: Work,
  { url, log, query }: Contending & { readonly query: keyof typeof exportQueries },
): Contender {
  const { programs } = work.server;
  const psql = programs === undefined ? "psql" : `${programs}psql`;
  const copy = (file: string): string => `\\copy (${exportQueries[query]}) TO '${file}'`;
  return contender(work, {
    name: names[query],
    log,
    run: async (file) => await runMeasured([psql, "-X", "-q", "-c", copy(file), url]),
  });
}

function byOwn(
  work: Work,
  { url, log, blueprint }: Contending & { readonly blueprint: ExportBlueprint },
): Contender {
  const program = fileURLToPath(new URL("export-process.ts", import.meta.url));
  return contender(work, {
    name: names[blueprint],
    log,
    run: async (file) => {
      const job: ExportJob = { url, blueprint, file };
      const command = [...work.build.conditions, program, JSON.stringify(job)];
      const usage = await runMeasured([process.execPath, ...command]);
      if (usage.stdout.trim() !== String(work.rows))
        throw new Error(
          `${names[blueprint]} wrote ${usage.stdout.trim()} of ${work.rows} records.`,
        );
      return usage;
    },
  });
}

function contender(
  { folder, server, rows }: Work,
  {
    name,
    log,
    run,
  }: {
    readonly name: string;
    readonly log: UsageLog;
    readonly run: (file: string) => Promise<Usage>;
  },
): Contender {
  const file = join(folder, "export.out");
  let usage: Usage | undefined;
  let before = 0;
  return {
    name,
    prepare: async () => {
      await rm(file, { force: true });
      before = await serverCpuSeconds({ server });
    },
    run: async () => {
      usage = await run(file);
    },
    verify: async () => {
      const { size } = await stat(file);
      if (size < rows * 40) throw new Error(`${name} wrote ${size} bytes.`);
      const serverSeconds = (await serverCpuSeconds({ server })) - before;
      if (usage) log.add(name, { ...usage, serverCpuSeconds: serverSeconds, outputMb: size / 1e6 });
    },
  };
}
