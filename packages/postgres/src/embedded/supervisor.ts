import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { errorMessage } from "./lease-message.ts";
import { ServerSupervisor, startErrorOf } from "./server-supervisor.ts";
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
      supervisor.stop();
    });
  }
  try {
    process.exitCode = await supervisor.run();
  } catch (error) {
    // No lock, so no lease to tell: the process that waits for this one reads it.
    const message = `${JSON.stringify(errorMessage(startErrorOf(error, plan.folder)))}\n`;
    await new Promise((resolve) => process.stderr.write(message, resolve));
    process.exitCode = 4;
  }
  process.exit();
}
