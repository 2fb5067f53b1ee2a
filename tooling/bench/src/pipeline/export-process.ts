// This project's export, in a process of its own: `node export-process.ts JOB`, the job as JSON. Prints how many records.
import { exportVendor } from "@ctb-data/pipeline";
import { openPostgres } from "@ctb-data/postgres";
import { parseBlueprint, parseRegistry } from "@ctb-data/registry";
import { exportBlueprints, exportRegistry } from "./export-data.ts";
import type { ExportJob } from "./export-job.ts";

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what this bench itself wrote.
const { url, blueprint, file } = JSON.parse(process.argv[2] ?? "") as ExportJob;
const registry = parseRegistry(exportRegistry, { file: "bench.yml" });
const parsed = parseBlueprint(exportBlueprints[blueprint], registry, { file: "bench.yml" });
if (parsed.export === undefined) throw new Error("The blueprint has no export.");
await using postgres = await openPostgres({ url, registry });
const report = await exportVendor(
  { registry, postgres },
  {
    blueprint: { vendor: parsed.vendor, version: parsed.version, export: parsed.export },
    file,
  },
);
process.stdout.write(`${report.written}\n`);
