import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ratioAim } from "./backup/backup-aims.ts";
import { runSql, serverCpuSeconds } from "./backup/backup-setting.ts";
import { startBenchServer, type BenchServer } from "./backup/bench-server.ts";
import { runMeasured, type Usage } from "./backup/measured-process.ts";
import { ownBuild, type OwnBuild } from "./backup/own-build.ts";
import { UsageLog } from "./backup/usage-log.ts";
import { benchData, fillTables, handWritten, type BenchTable } from "./integrity-data.ts";
import type { IntegrityJob } from "./integrity-job.ts";
import { compare, type Contender } from "./measure.ts";
import type { BenchResult, Comparison } from "./report.ts";

const names = {
  hand: "psql, three anti-joins",
  own: "ctb-data, references",
  all: "ctb-data, references, keys, rules",
} as const;

interface Setting {
  readonly server: BenchServer;
  readonly build: OwnBuild;
  readonly rows: number;
  readonly rounds: number;
}

/** Times the check of references beside the anti-joins that one writes by hand. */
export async function benchIntegrity({ quick }: { readonly quick: boolean }): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), "ctb-data-bench-"));
  try {
    const build = await ownBuild(["registry", "models", "postgres", "firestore", "integrity"]);
    const server = await startBenchServer(folder);
    const setting = { server, build, rows: quick ? 500_000 : 10_000_000, rounds: quick ? 3 : 5 };
    try {
      const comparisons = [
        await compareOn("orders", setting),
        await compareOn("sales", { ...setting, rows: setting.rows / 2, rounds: 3 }),
      ];
      const programs = { postgres: server.version, "ctb-data": build.description };
      return { comparisons, packages: ["pg"], programs };
    } finally {
      await server.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareOn(table: BenchTable, setting: Setting): Promise<Comparison> {
  const { server, rows, rounds } = setting;
  await runSql(server.urlOf("postgres"), `CREATE DATABASE ${table}`);
  const url = server.urlOf(table);
  await fillTables(url, table, rows);
  process.stderr.write(`filled: ${rows.toLocaleString("en-US")} rows of ${table}\n`);
  const log = new UsageLog();
  const found = new Map<string, string>();
  const own = (name: string, parts: IntegrityJob["parts"]): Contender =>
    contender(
      { setting, log, found },
      name,
      async () => await runOwn({ url, table, parts }, setting),
    );
  const figures = await compare(
    [
      contender({ setting, log, found }, names.hand, async () => await runByHand(table, setting)),
      own(names.own, ["references"]),
      ...(table === "orders" ? [own(names.all, ["rows", "references", "keys"])] : []),
    ],
    { rounds },
  );
  return {
    title: `orphans of three references in ${rows.toLocaleString("en-US")} rows: ${benchData[table].title}, PostgreSQL ${server.version}`,
    figures,
    details: log.details(false),
    count: { of: rows, unit: "rows" },
    aims: ratioAim(figures, names.own, {
      of: names.hand,
      text: "three references within 1.2 x of the anti-joins by hand",
      limit: 1.2,
    }),
    notes: [
      "1 % of the rows are orphans of each reference; by hand they are counted, ours are counted and five of each shown",
      "psql with the server's settings, which may use indexes and its parallel workers; ours believes no index and uses four sessions",
    ],
  };
}

interface Work {
  readonly setting: Setting;
  readonly log: UsageLog;
  /** What each has found, by its name. */
  readonly found: Map<string, string>;
}

function contender(
  { setting, log, found }: Work,
  name: string,
  run: () => Promise<Usage>,
): Contender {
  let usage: Usage | undefined;
  let before = 0;
  const cpu = async (): Promise<number> => await serverCpuSeconds(setting);
  return {
    name,
    prepare: async () => {
      before = await cpu();
    },
    run: async () => {
      usage = await run();
    },
    verify: async () => {
      const counts = (usage?.stdout ?? "").trim().split(/\s+/u).join(" ");
      found.set(name, counts);
      const [first] = found.values();
      if (counts !== first || counts.split(" ").length < 3)
        throw new Error(`${name} found ${counts}, and not ${first}.`);
      const serverSeconds = (await cpu()) - before;
      if (usage) log.add(name, { ...usage, serverCpuSeconds: serverSeconds, outputMb: 0 });
    },
  };
}

async function runByHand(table: BenchTable, { server }: Setting): Promise<Usage> {
  const statements = handWritten(table).flatMap((sql) => ["-c", sql]);
  const psql = server.programs === undefined ? "psql" : `${server.programs}psql`;
  return await runMeasured([psql, "-X", "-q", "-A", "-t", ...statements, server.urlOf(table)]);
}

async function runOwn(job: IntegrityJob, { build }: Setting): Promise<Usage> {
  const program = fileURLToPath(new URL("integrity-process.ts", import.meta.url));
  return await runMeasured([process.execPath, ...build.conditions, program, JSON.stringify(job)]);
}
