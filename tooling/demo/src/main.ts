import { paint, say, seconds } from "./console.ts";
import { runDemo } from "./demo.ts";

const startedAt = performance.now();
const interrupt = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    if (interrupt.signal.aborted) {
      process.exit(130);
    }
    interrupt.abort(new Error("The demo was stopped."));
  });
}
// Whoever reads has left (`| head`): the rest goes nowhere, and the clean-up is done all the same.
process.stdout.on("error", () => undefined);

// An idle connection does not keep a process alive, and a step may be waiting for one to close.
const awake = setInterval(() => undefined, 60_000);
try {
  await runDemo(interrupt.signal);
  say(paint("bold", `Done in ${seconds(performance.now() - startedAt)}.`));
  say("The servers are stopped and the folder is gone.");
} catch (error) {
  const told: unknown = interrupt.signal.aborted ? interrupt.signal.reason : error;
  process.stderr.write(
    `${paint("red", "error:")} ${told instanceof Error ? told.message : String(told)}\n`,
  );
  if (told instanceof Error && "hint" in told) {
    process.stderr.write(`${paint("cyan", "hint:")} ${String(told.hint)}\n`);
  }
  process.exitCode = interrupt.signal.aborted ? 130 : 1;
} finally {
  clearInterval(awake);
}
