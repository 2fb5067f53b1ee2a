import { compare } from "../../measure.ts";
import type { Comparison } from "../../report.ts";
import { memoryAim } from "../backup-aims.ts";
import { type BackupSetting, names } from "../backup-setting.ts";
import type { Usage } from "../measured-process.ts";
import { runOwn } from "../own-job.ts";
import { UsageLog } from "../usage-log.ts";
import { connect, documentsContent } from "./bench-documents.ts";
import type { DocumentsBackup, DocumentsSource } from "./export-rows.ts";

/** Restores the backup into a new project each time, and compares every document with its source. */
export async function documentRestoreRows(
  { build, keys, rounds }: BackupSetting,
  { server, db, count }: DocumentsSource,
  backup: DocumentsBackup,
): Promise<Comparison> {
  const log = new UsageLog();
  const expected = await documentsContent(db);
  let round = 0;
  let usage: Usage | undefined;
  let serverBefore = 0;
  const projectNow = (): string => `bench-restored-${round}`;
  const contender = {
    name: names.own,
    prepare: async (): Promise<void> => {
      round += 1;
      serverBefore = await server.cpuSeconds();
    },
    run: async (): Promise<void> => {
      const firestore = { host: server.host, project: projectNow() };
      const job = { work: "restore", ...backup, keys, encryption: "age", firestore } as const;
      usage = await runOwn(job, build.conditions);
    },
    verify: async (): Promise<void> => {
      const serverCpuSeconds = (await server.cpuSeconds()) - serverBefore;
      if (usage) log.add(names.own, { ...usage, serverCpuSeconds, outputMb: 0 });
      const restored = connect(server.host, projectNow());
      try {
        const found = await documentsContent(restored);
        if (found === expected) return;
        throw new Error(`Restored were ${found}; the source has ${expected}.`);
      } finally {
        await restored.terminate();
      }
    },
  };
  const figures = await compare([contender], { rounds, warmUp: false });
  return {
    title: `restore of ${count.toLocaleString("en-US")} documents into ${server.name}`,
    figures,
    details: log.details(false),
    count: { of: count, unit: "documents" },
    aims: memoryAim(log.peakMiB(names.own), "restore"),
    notes: [
      "without the ramp that Google's servers ask for; after each: every document is that of the source, read with Google's SDK",
    ],
  };
}
