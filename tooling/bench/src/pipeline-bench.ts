import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBenchServer } from "./backup/bench-server.ts";
import { ownBuild } from "./backup/own-build.ts";
import { compareExport } from "./pipeline/export-bench.ts";
import { comparePromotion } from "./pipeline/promotion-bench.ts";
import type { BenchResult } from "./report.ts";

/** Times promotion beside what one writes by hand, and exports beside psql's copy of the same rows. */
export async function benchPipeline({ quick }: { readonly quick: boolean }): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), "ctb-data-bench-"));
  try {
    const build = await ownBuild(["registry", "models", "postgres", "firestore", "pipeline"]);
    const server = await startBenchServer(folder);
    try {
      const setting = { folder, server, build, quick };
      const comparisons = [...(await comparePromotion(setting)), ...(await compareExport(setting))];
      const programs = { postgres: server.version, "ctb-data": build.description };
      return { comparisons, packages: ["pg", "@google-cloud/firestore"], programs };
    } finally {
      await server.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
