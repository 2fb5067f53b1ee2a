// This project's check, in a process of its own: `node integrity-process.ts JOB`, the job as JSON.
import { checkIntegrity } from "@ctb-data/integrity";
import { openPostgres } from "@ctb-data/postgres";
import { parseRegistry } from "@ctb-data/registry";
import { benchData } from "./integrity-data.ts";
import type { IntegrityJob } from "./integrity-job.ts";

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what this bench itself wrote.
const { url, table, parts } = JSON.parse(process.argv[2] ?? "") as IntegrityJob;
const registry = parseRegistry(benchData[table].registry, { file: "bench.yml" });
const postgres = await openPostgres({ url, registry });
try {
  const { findings } = await checkIntegrity({ registry, postgres }, { parts });
  process.stdout.write(`${findings.map(({ count }) => count).join(" ")}\n`);
} finally {
  await postgres.close();
}
