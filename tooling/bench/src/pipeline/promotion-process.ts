// One way of promotion, in a process of its own: `node promotion-process.ts JOB`, the job as JSON. Prints how many rows.
import { openFirestore } from "@ctb-data/firestore";
import { runPipeline, storeBlueprint } from "@ctb-data/pipeline";
import { openPostgres } from "@ctb-data/postgres";
import { parseRegistry } from "@ctb-data/registry";
import { Client } from "pg";
import { connect } from "../backup/firestore/bench-documents.ts";
import { promoteAtFloor } from "./floor-promotion.ts";
import { promoteInBatches, promoteOneByOne } from "./hand-promotion.ts";
import { promotionBlueprint, promotionRegistry } from "./promotion-data.ts";
import type { PromotionJob } from "./promotion-job.ts";

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what this bench itself wrote.
const job = JSON.parse(process.argv[2] ?? "") as PromotionJob;
const promoted =
  job.kind === "own" || job.kind === "floor"
    ? await withOwnStores(job.kind, job)
    : await byHand(job.kind, job);
process.stdout.write(`${promoted}\n`);

async function withOwnStores(
  kind: "own" | "floor",
  { url, host, projectId }: PromotionJob,
): Promise<number> {
  const registry = parseRegistry(promotionRegistry, { file: "bench.yml" });
  await using postgres = await openPostgres({ url, registry });
  await using firestore = await openFirestore({ registry, projectId, emulatorHost: host });
  if (kind === "floor") return await promoteAtFloor(firestore, postgres);
  const stores = { registry, postgres, firestore };
  const blueprint = await storeBlueprint(stores, { file: "bench.yml", text: promotionBlueprint });
  const run = await runPipeline(stores, { blueprint, steps: ["promote"] });
  return run.middle?.counts["inserted"] ?? 0;
}

async function byHand(
  kind: "loop" | "batches",
  { url, host, projectId }: PromotionJob,
): Promise<number> {
  const firestore = connect(host, projectId);
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const promote = kind === "loop" ? promoteOneByOne : promoteInBatches;
    return await promote(firestore, client);
  } finally {
    await client.end();
    await firestore.terminate();
  }
}
