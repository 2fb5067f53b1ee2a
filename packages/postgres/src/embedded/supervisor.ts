import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ServerSupervisor } from "./server-supervisor.ts";
import { readSupervisorPlan } from "./supervisor-plan.ts";

// The program that owns a server: started by the first process that wants one, it outlives that process until the last lease
// has ended, stops the server and ends. Only Node's own modules and this folder are imported, so that it starts in 40 ms.
if (
  process.argv[1] !== undefined &&
  realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  const plan = readSupervisorPlan(process.argv[2] ?? "");
  const supervisor = new ServerSupervisor(plan);
  process.title = `ctb-data-postgres-supervisor ${plan.folder}`;
  // Of a whole terminal, session or machine that ends: the server ends in order.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      void supervisor.stop();
    });
  }
  process.exitCode = await supervisor.run();
  process.exit();
}
