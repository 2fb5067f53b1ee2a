import { type Contender, compare } from "../measure.ts";
import type { Comparison } from "../report.ts";
import { memoryAim, ratioAim } from "./backup-aims.ts";
import { type BackupSetting, names, runSql, serverCpuSeconds } from "./backup-setting.ts";
import type { Archives, Source } from "./create-rows.ts";
import { databaseContent, mustHold } from "./database-content.ts";
import { runMeasured, type Usage } from "./measured-process.ts";
import { runOwn } from "./own-job.ts";
import { UsageLog } from "./usage-log.ts";

/** Restores the archives into fresh databases, in turn, and compares the content after each. */
export async function restoreRows(
  setting: BackupSetting,
  source: Source,
  archives: Archives,
): Promise<Comparison> {
  const log = new UsageLog();
  const expected = await databaseContent(source.url);
  const contenders = programsOf(setting, archives).map((program) =>
    restoreContender({ setting, log, expected }, program),
  );
  const { rounds } = setting;
  const figures = await compare(contenders, { rounds, warmUp: false });
  return {
    title: `restore: the same ${Math.round(source.megabytes)} MB into a fresh database, with indexes, keys and sequences`,
    figures,
    details: log.details(false),
    count: { of: Math.round(source.megabytes), unit: "MB" },
    aims: [
      ...ratioAim(figures, names.own, {
        of: names.restoreFolder,
        text: `restore at least as fast as ${names.restoreFolder}`,
      }),
      ...memoryAim(log.peakMiB(names.own), "restore"),
    ],
    notes: [
      "after each: counts and md5 sums of all rows, indexes, constraints and sequences are those of the source",
    ],
  };
}

/** How one contender restores into a database. */
interface RestoreProgram {
  readonly name: string;
  readonly run: (url: string) => Promise<Usage>;
}

function programsOf(
  { server, keys, build }: BackupSetting,
  { folder, custom, own }: Archives,
): readonly RestoreProgram[] {
  const job = { work: "restore", ...own, keys, encryption: "age" } as const;
  const ours: RestoreProgram = {
    name: names.own,
    run: async (postgresUrl) => await runOwn({ ...job, postgresUrl }, build.conditions),
  };
  if (server.programs === undefined) return [ours];
  const program = `${server.programs}pg_restore`;
  return [
    {
      name: names.restoreFolder,
      run: async (url) => await runMeasured([program, "-j2", "-d", url, folder]),
    },
    {
      name: names.restoreCustom,
      run: async (url) => await runMeasured([program, "-d", url, custom]),
    },
    ours,
  ];
}

interface RestoreWork {
  readonly setting: BackupSetting;
  readonly log: UsageLog;
  readonly expected: string;
}

function restoreContender(
  { setting, log, expected }: RestoreWork,
  { name, run }: RestoreProgram,
): Contender {
  const { server } = setting;
  const url = server.urlOf("restored");
  let usage: Usage | undefined;
  let serverBefore = 0;
  return {
    name,
    prepare: async () => {
      await runSql(server.urlOf("postgres"), "DROP DATABASE IF EXISTS restored WITH (FORCE)");
      await runSql(server.urlOf("postgres"), "CREATE DATABASE restored TEMPLATE template0");
      await runSql(server.urlOf("postgres"), "CHECKPOINT");
      serverBefore = await serverCpuSeconds(setting);
    },
    run: async () => {
      usage = await run(url);
    },
    verify: async () => {
      const serverCpu = (await serverCpuSeconds(setting)) - serverBefore;
      if (usage) log.add(name, { ...usage, serverCpuSeconds: serverCpu, outputMb: 0 });
      await mustHold(url, expected, name);
    },
  };
}
