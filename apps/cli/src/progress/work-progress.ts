import type { CommandContext } from "../command-context.ts";
import { openLiveLine } from "../terminal/live-line.ts";
import { meterLine } from "./meter-line.ts";
import { progressMeter, type WorkProgress } from "./progress-meter.ts";

/** Tells how far a piece of work is, while it is at it. */
export interface WorkProgressView extends Disposable {
  readonly onProgress: (progress: WorkProgress) => void;
  /** Says a line above what is drawn. */
  readonly say: (line: string) => void;
}

const eventMs = 1000;

/**
 * A line on a terminal; with `--json` one JSON document a line on stderr, `{"progress": {…}}`, for each step and once a second while
 * something moves. Nothing otherwise: what was done is said at the end.
 */
export function openWorkProgress({ terminal }: CommandContext): WorkProgressView {
  const meter = progressMeter();
  if (terminal.json) return jsonProgress(terminal.err, meter);
  const line = openLiveLine(terminal, (columns) => meterLine(meter.read(), columns));
  return {
    onProgress: (event) => {
      meter.add(event);
    },
    say: (text) => {
      line.say(text);
    },
    [Symbol.dispose]: () => {
      line[Symbol.dispose]();
    },
  };
}

function jsonProgress(
  err: CommandContext["terminal"]["err"],
  meter: ReturnType<typeof progressMeter>,
): WorkProgressView {
  let told = "";
  const tell = (): void => {
    const reading = meter.read();
    const state = JSON.stringify([reading.step, reading.detail, reading.items, reading.bytes]);
    if (state === told) return;
    told = state;
    err.write(`${JSON.stringify({ progress: reading })}\n`);
  };
  const timer = setInterval(tell, eventMs);
  return {
    onProgress: (event) => {
      const before = meter.read().step;
      meter.add(event);
      // Not for each of a thousand tables: its name comes with the next second.
      if (event.kind === "step" && event.step !== before) tell();
    },
    say: (text) => {
      err.line(text);
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
      if (meter.read().step !== "") tell();
    },
  };
}
