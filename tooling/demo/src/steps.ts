import { columns, paint, say, seconds } from "./console.ts";

/** One thing that the demo does. */
export interface Step {
  readonly title: string;
  readonly run: () => Promise<void>;
}

/** Runs the steps one after the other, and says before each what it is and after it how long it took. */
export async function runSteps(steps: readonly Step[], signal: AbortSignal): Promise<void> {
  for (const [index, { title, run }] of steps.entries()) {
    signal.throwIfAborted();
    const heading = `── ${index + 1}/${steps.length} ${title} `;
    say(paint("bold", heading.padEnd(Math.min(columns(), 100), "─")));
    const startedAt = performance.now();
    await run();
    say(`${paint("green", "✓")} ${paint("dim", seconds(performance.now() - startedAt))}`);
    say();
  }
}
