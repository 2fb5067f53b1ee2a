import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Firestore } from "@google-cloud/firestore";
import { type Contender, compare, type Figure } from "../../measure.ts";
import type { Aim, Comparison } from "../../report.ts";
import { memoryAim } from "../backup-aims.ts";
import { type BackupSetting, names } from "../backup-setting.ts";
import { sizeMb } from "../folder-size.ts";
import { runMeasured, type Usage } from "../measured-process.ts";
import { answerOf, runOwn } from "../own-job.ts";
import { UsageLog } from "../usage-log.ts";
import type { DocumentsServer } from "./documents-server.ts";

/** Documents to export. */
export interface DocumentsSource {
  readonly server: DocumentsServer;
  readonly project: string;
  readonly db: Firestore;
  readonly count: number;
}

/** Which backup the last round made. */
export interface DocumentsBackup {
  readonly dir: string;
  readonly id: string;
}

/** One way to export all documents; gives what it took and how many it found. */
interface ExportProgram {
  readonly name: string;
  readonly output: string;
  readonly run: () => Promise<Usage>;
  readonly found: (usage: Usage) => Promise<number>;
}

const peers = ["firestore-export-import", "node-firestore-import-export"] as const;

/** Exports all documents with everybody, in turn, each in a process of its own. */
export async function exportRows(
  setting: BackupSetting,
  source: DocumentsSource,
): Promise<{ readonly comparison: Comparison; readonly backup: DocumentsBackup }> {
  const log = new UsageLog();
  const dir = join(setting.folder, `documents-${source.server.name.replaceAll(" ", "-")}`);
  let id = "";
  const own: ExportProgram = {
    name: names.own,
    output: dir,
    run: async () => {
      const { server, project } = source;
      const firestore = { host: server.host, project };
      const job = {
        work: "create",
        dir,
        keys: setting.keys,
        encryption: "age",
        firestore,
      } as const;
      return await runOwn(job, setting.build.conditions);
    },
    found: async (usage) => {
      id = String(answerOf(usage, "id"));
      return Number(answerOf(usage, "documents"));
    },
  };
  const failures: string[] = [];
  const programs = [own];
  for (const name of peers) {
    const program = peerProgram(setting, source, name);
    const failure = await failureOf(program, source);
    if (failure === undefined) programs.push(program);
    else failures.push(`FAILED   ${name}, and was left out: ${failure}`);
  }
  const figures = await compare(
    programs.map((program) => exportContender(source, log, program)),
    { rounds: setting.rounds, warmUp: false },
  );
  return {
    comparison: {
      title: `export of ${source.count.toLocaleString("en-US")} documents from ${source.server.name}, two fifths of them in sub-collections`,
      figures,
      details: log.details(true),
      count: { of: source.count, unit: "documents" },
      aims: [...exportAim(figures), ...memoryAim(log.peakMiB(names.own), "export")],
      notes: [
        "a process each, from its start to its end; ours at one read time, compressed, encrypted and signed, the others JSON in the clear, of many moments",
        ...failures,
        "what the others lose: bytes, integers beyond 2^53, NaN; firestore-export-import also which string was a reference",
      ],
    },
    backup: { dir, id },
  };
}

/** Whether a peer does its work here at all, tried once: of one that does not, the others are compared all the same. */
async function failureOf(
  { name, run, found }: ExportProgram,
  { count }: DocumentsSource,
): Promise<string | undefined> {
  try {
    const exported = await found(await run());
    return exported === count ? undefined : `${exported} documents of ${count}`;
  } catch (error) {
    const lines = error instanceof Error ? error.message.split("\n") : [];
    return lines.findLast((line) => line.includes("Error:")) ?? lines[0] ?? `${name} ended`;
  }
}

/** None when none of the peers did its work. */
function exportAim(figures: readonly Figure[]): readonly Aim[] {
  const own = figures.find(({ name }) => name === names.own)?.medianMs ?? Number.NaN;
  const others = figures.filter(({ name }) => name !== names.own);
  if (others.length === 0) return [];
  const times = Math.min(...others.map(({ medianMs }) => medianMs)) / own;
  return [
    {
      text: "export at least 3 x as fast as the faster peer",
      reached: times >= 3,
      measured: `${times.toFixed(1)} x`,
    },
  ];
}

function exportContender(
  source: DocumentsSource,
  log: UsageLog,
  program: ExportProgram,
): Contender {
  const { name, output, run, found } = program;
  let usage: Usage | undefined;
  let serverBefore = 0;
  return {
    name,
    prepare: async () => {
      await rm(output, { recursive: true, force: true });
      serverBefore = await source.server.cpuSeconds();
    },
    run: async () => {
      usage = await run();
    },
    verify: async () => {
      if (usage === undefined) return;
      const serverCpuSeconds = (await source.server.cpuSeconds()) - serverBefore;
      log.add(name, { ...usage, serverCpuSeconds, outputMb: await sizeMb(output) });
      const count = await found(usage);
      if (count === source.count) return;
      throw new Error(`${name} exported ${count} documents of ${source.count}.`);
    },
  };
}

function peerProgram(
  { folder }: BackupSetting,
  { server, project }: DocumentsSource,
  name: (typeof peers)[number],
): ExportProgram {
  const program = fileURLToPath(new URL("peer-export.ts", import.meta.url));
  const output = join(folder, `${name}.json`);
  return {
    name,
    output,
    run: async () =>
      await runMeasured([process.execPath, program, name, output], {
        FIRESTORE_EMULATOR_HOST: server.host,
        GOOGLE_CLOUD_PROJECT: project,
      }),
    found: async () => {
      const exported: unknown = JSON.parse(await readFile(output, "utf8"));
      return name === "firestore-export-import"
        ? countIn(exported, "subCollection")
        : countIn(Reflect.get(Object(exported), "__collections__"), "__collections__");
    },
  };
}

/** Collections by name, of documents by id, of which some have collections in the field `below`. */
function countIn(collections: unknown, below: string): number {
  let count = 0;
  for (const documents of Object.values(Object(collections))) {
    for (const document of Object.values(Object(documents))) {
      count += 1 + countIn(Reflect.get(Object(document), below) ?? {}, below);
    }
  }
  return count;
}
