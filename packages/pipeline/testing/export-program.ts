import { openPostgres } from "@ctb-data/postgres";
import { parseRegistry } from "@ctb-data/registry";
import { exportVendor } from "../src/export/export-vendor.ts";
import type { ExportProcess } from "./export-process.ts";
import { exportingBlueprint } from "./export-world.ts";

/** Exports, and kills itself with SIGKILL at a moment: `node export-program.ts JOB`, the job as JSON. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the test itself wrote.
const job = JSON.parse(process.argv[2] ?? "") as ExportProcess;
const registry = parseRegistry(job.registry, { file: "registry.yml" });
const postgres = await openPostgres({ url: job.url, registry });

function dieAt(moment: ExportProcess["moment"]): void {
  if (moment === job.moment) process.kill(process.pid, "SIGKILL");
}

await exportVendor(
  { registry, postgres },
  {
    blueprint: exportingBlueprint(job.blueprint, registry),
    file: job.file,
    onProgress: ({ kind }) => {
      if (kind === "total") dieAt("begin");
      if (kind === "count") dieAt("rows");
    },
    beforeAppearing: async () => await Promise.resolve(dieAt("ready")),
  },
);
