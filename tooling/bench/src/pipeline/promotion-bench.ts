import { fileURLToPath } from "node:url";
import { schemaSql } from "@ctb-data/postgres";
import { parseRegistry } from "@ctb-data/registry";
import { runSql, serverCpuSeconds } from "../backup/backup-setting.ts";
import type { BenchServer } from "../backup/bench-server.ts";
import { connect } from "../backup/firestore/bench-documents.ts";
import {
  type DocumentsServer,
  startDocumentsServer,
} from "../backup/firestore/documents-server.ts";
import { runMeasured, type Usage } from "../backup/measured-process.ts";
import type { OwnBuild } from "../backup/own-build.ts";
import { UsageLog } from "../backup/usage-log.ts";
import { compare, type Contender, type Figure } from "../measure.ts";
import type { Aim, Comparison } from "../report.ts";
import { fillIntake, promotionRegistry } from "./promotion-data.ts";
import type { PromotionJob, PromotionKind } from "./promotion-job.ts";

export interface PromotionSetting {
  readonly server: BenchServer;
  readonly build: OwnBuild;
  readonly quick: boolean;
}

const names = {
  own: "ctb-data promote",
  loop: "by hand, one by one",
  batches: "by hand, batches of 500",
  floor: "read and COPY, nothing else",
} as const satisfies Record<PromotionKind, string>;

/** Times promotion beside what one writes by hand, and beside the floor. */
export async function comparePromotion(setting: PromotionSetting): Promise<readonly Comparison[]> {
  const documents = await startDocumentsServer(undefined);
  try {
    const count = setting.quick ? 10_000 : 100_000;
    const work = { ...setting, documents };
    const small = await comparisonOf(work, { count, kinds: ["own", "loop", "batches", "floor"] });
    if (setting.quick) return [small];
    const large = await comparisonOf(work, { count: count * 4, kinds: ["own", "floor"] });
    return [small, large];
  } finally {
    await documents.stop();
  }
}

interface Work extends PromotionSetting {
  readonly documents: DocumentsServer;
}

async function comparisonOf(
  work: Work,
  { count, kinds }: { readonly count: number; readonly kinds: readonly PromotionKind[] },
): Promise<Comparison> {
  const log = new UsageLog();
  const contenders = kinds.map((kind) => contender(work, { kind, count, log }));
  const figures = await compare(contenders, {
    rounds: 1,
    warmUp: false,
    baseline: names.own,
  });
  return {
    title: `${count.toLocaleString("en-US")} intake documents promoted, PostgreSQL ${work.server.version}, our Firestore`,
    figures,
    details: log.details(false),
    count: { of: count, unit: "documents" },
    aims: aimsOf(figures),
    notes: [
      "all start a process; the floor makes no check, no promotion record and no mark",
      "server CPU is PostgreSQL's; Firestore's server runs on the same cores",
    ],
  };
}

function aimsOf(figures: readonly Figure[]): readonly Aim[] {
  const ms = (name: string): number =>
    figures.find((figure) => figure.name === name)?.medianMs ?? Number.NaN;
  const faster = ms(names.loop) / ms(names.own);
  const ofFloor = ms(names.floor) / ms(names.own);
  const loop = Number.isNaN(faster)
    ? []
    : [
        {
          text: "at least 20 x the loop by hand",
          reached: faster >= 20,
          measured: `${faster.toFixed(1)} x`,
        },
      ];
  return [
    ...loop,
    {
      text: "at least 0.6 of the floor's rate",
      reached: ofFloor >= 0.6,
      measured: ofFloor.toFixed(2),
    },
  ];
}

interface Contending {
  readonly kind: PromotionKind;
  readonly count: number;
  readonly log: UsageLog;
}

let projects = 0;

/** Each run has documents and a database of its own, that nobody has promoted before. */
function contender(work: Work, { kind, count, log }: Contending): Contender {
  const { server, build, documents } = work;
  let job: PromotionJob = { kind, url: "", host: documents.host, projectId: "" };
  let usage: Usage | undefined;
  let before = 0;
  const sql = schemaSql(parseRegistry(promotionRegistry, { file: "bench.yml" }));
  return {
    name: names[kind],
    prepare: async () => {
      projects += 1;
      const name = `promotion_${projects}`;
      await runSql(server.urlOf("postgres"), `CREATE DATABASE ${name}`);
      await runSql(server.urlOf(name), sql);
      job = { ...job, url: server.urlOf(name), projectId: `bench-${projects}` };
      const db = connect(documents.host, job.projectId);
      await fillIntake(db, count);
      await db.terminate();
      before = await serverCpuSeconds({ server });
    },
    run: async () => {
      const program = fileURLToPath(new URL("promotion-process.ts", import.meta.url));
      usage = await runMeasured([
        process.execPath,
        ...build.conditions,
        program,
        JSON.stringify(job),
      ]);
    },
    verify: async () => {
      if (usage?.stdout.trim() !== String(count))
        throw new Error(`${names[kind]} promoted ${usage?.stdout ?? "nothing"}, not ${count}.`);
      const serverSeconds = (await serverCpuSeconds({ server })) - before;
      log.add(names[kind], { ...usage, serverCpuSeconds: serverSeconds, outputMb: 0 });
      const place = `projects/${job.projectId}/databases/(default)/documents`;
      await fetch(`http://${documents.host}/emulator/v1/${place}`, { method: "DELETE" });
    },
  };
}
