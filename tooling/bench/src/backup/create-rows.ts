import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Contender, compare } from "../measure.ts";
import type { Comparison } from "../report.ts";
import { memoryAim, ratioAim } from "./backup-aims.ts";
import { type BackupSetting, names, runSql, serverCpuSeconds } from "./backup-setting.ts";
import { copyToNothing } from "./ceiling.ts";
import { sizeMb } from "./folder-size.ts";
import { runMeasured, type Usage } from "./measured-process.ts";
import { answerOf, type OwnJob, runOwn } from "./own-job.ts";
import { UsageLog } from "./usage-log.ts";

const execute = promisify(execFile);

/** A database to back up. */
export interface Source {
  readonly url: string;
  /** Of COPY text, MB of 1,000,000 bytes. */
  readonly megabytes: number;
}

/** Where the last round left its archives. */
export interface Archives {
  readonly folder: string;
  readonly custom: string;
  readonly own: { readonly dir: string; readonly id: string };
}

/** Backs up a database with everybody, in turn, and keeps what the last round made. */
export async function createRows(
  setting: BackupSetting,
  source: Source,
): Promise<{ readonly comparison: Comparison; readonly archives: Archives }> {
  const log = new UsageLog();
  const ids = new Map<string, string>();
  const programs = await programsOf(setting, source, ids);
  const contenders = programs.map((program) => createContender({ setting, source, log }, program));
  const ceiling: Contender = {
    name: names.ceiling,
    run: async () => await copyToNothing(source.url),
  };
  // Once for all: what the server reads is in memory then.
  await copyToNothing(source.url);
  const figures = await compare([ceiling, ...contenders], {
    rounds: setting.rounds,
    warmUp: false,
  });
  const own = { dir: outputOf(setting, names.own), id: ids.get(names.own) ?? "" };
  return {
    comparison: {
      title: `create: ${Math.round(source.megabytes)} MB of COPY text in three tables, PostgreSQL ${setting.server.version}`,
      figures,
      details: log.details(true),
      count: { of: Math.round(source.megabytes), unit: "MB" },
      aims: [
        ...ratioAim(figures, names.own, {
          of: names.folder1,
          text: `encrypted create at least as fast as ${names.folder1} in the clear`,
        }),
        ...memoryAim(log.peakMiB(names.own), "create"),
      ],
      notes: [
        "the ratio is to the ceiling: no client can be faster than the server writes COPY text",
        "ours is encrypted and compressed with zstd 1, each part hashed twice, the record signed; its memory and CPU are with those of the pg_dump that reads the schema",
        ...missingNotes(programs.map(({ name }) => name)),
      ],
    },
    archives: {
      folder: outputOf(setting, names.folder1),
      custom: outputOf(setting, names.custom),
      own,
    },
  };
}

/** How one contender makes its archive at a path. */
interface CreateProgram {
  readonly name: string;
  readonly run: (output: string) => Promise<Usage>;
}

interface CreateWork {
  readonly setting: BackupSetting;
  readonly source: Source;
  readonly log: UsageLog;
}

function createContender(
  { setting, source, log }: CreateWork,
  { name, run }: CreateProgram,
): Contender {
  const output = outputOf(setting, name);
  let usage: Usage | undefined;
  let serverBefore = 0;
  return {
    name,
    prepare: async () => {
      await rm(output, { recursive: true, force: true });
      await runSql(source.url, "CHECKPOINT");
      serverBefore = await serverCpuSeconds(setting);
    },
    run: async () => {
      usage = await run(output);
    },
    verify: async () => {
      const serverCpu = (await serverCpuSeconds(setting)) - serverBefore;
      const outputMb = await sizeMb(output);
      // That all is in it is seen when it is restored.
      if (outputMb < source.megabytes / 20) throw new Error(`${name} wrote ${outputMb} MB only.`);
      if (usage) log.add(name, { ...usage, serverCpuSeconds: serverCpu, outputMb });
    },
  };
}

async function programsOf(
  { server, keys, build }: BackupSetting,
  { url }: Source,
  ids: Map<string, string>,
): Promise<readonly CreateProgram[]> {
  const pgDump = server.programs === undefined ? undefined : `${server.programs}pg_dump`;
  const own = (name: string, encryption: OwnJob["encryption"]): CreateProgram => ({
    name,
    run: async (dir) => {
      const job: OwnJob = { work: "create", dir, keys, encryption, postgresUrl: url, pgDump };
      const usage = await runOwn(job, build.conditions);
      ids.set(name, String(answerOf(usage, "id")));
      return usage;
    },
  });
  return [
    ...(pgDump === undefined ? [] : await dumpPrograms(pgDump, url, keys.recipient)),
    own(names.own, "age"),
    own(names.ownClear, "none"),
  ];
}

async function dumpPrograms(
  pgDump: string,
  url: string,
  recipient: string,
): Promise<readonly CreateProgram[]> {
  const dump = (name: string, flags: readonly string[]): CreateProgram => ({
    name,
    run: async (output) => await runMeasured([pgDump, ...flags, "-f", output, url]),
  });
  const shell = `"$1" -Fc -Z0 "$2" | zstd -q -3 | age -r "$3" -o "$4"`;
  const pipe: CreateProgram = {
    name: names.pipe,
    run: async (output) =>
      await runMeasured(["sh", "-c", shell, "sh", pgDump, url, recipient, output]),
  };
  return [
    dump(names.folder1, ["-Fd", "-j2", "-Z1"]),
    dump(names.folder0, ["-Fd", "-j2", "-Z0"]),
    dump(names.custom, ["-Fc"]),
    ...((await hasPipeline()) ? [pipe] : []),
  ];
}

async function hasPipeline(): Promise<boolean> {
  try {
    await execute("zstd", ["--version"]);
    await execute("age", ["--version"]);
    return true;
  } catch {
    return false;
  }
}

function missingNotes(present: readonly string[]): readonly string[] {
  if (!present.includes(names.folder1)) {
    return [
      "pg_dump and pg_restore were left out: pg_config names no PostgreSQL of this machine, so the embedded server was used",
    ];
  }
  return present.includes(names.pipe)
    ? []
    : [`${names.pipe} was left out: zstd or age is not installed`];
}

function outputOf({ folder }: BackupSetting, name: string): string {
  return join(folder, name.replaceAll(/\W+/gu, "-"));
}
