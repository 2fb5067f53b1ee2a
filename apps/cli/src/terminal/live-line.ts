import { displayWidth } from "./display-width.ts";
import type { Terminal } from "./terminal.ts";

/** One line at the bottom of a terminal that is drawn over and over. */
export interface LiveLine extends Disposable {
  /** Says a line above it. */
  say(line: string): void;
}

const redrawMs = 125;

/**
 * Draws on stderr what `draw` gives for so many columns, several times a second; disposing of it wipes it. Without a terminal, or with
 * `--json`, nothing is drawn.
 */
export function openLiveLine(
  { err, say, json }: Terminal,
  draw: (columns: number) => string,
): LiveLine {
  if (!err.isTerminal || json) {
    return {
      say: (line) => {
        say.line(line);
      },
      [Symbol.dispose]: () => undefined,
    };
  }
  let isDrawn = false;
  const wipe = (): void => {
    if (isDrawn) err.write("\r\u001B[2K");
    isDrawn = false;
  };
  const redraw = (): void => {
    // A line that fills the last column would wrap.
    const columns = (err.columns ?? 80) - 1;
    const line = draw(columns);
    if (line === "" || displayWidth(line) > columns) return;
    err.write(`\r\u001B[2K${line}`);
    isDrawn = true;
  };
  const timer = setInterval(redraw, redrawMs);
  return {
    say: (line) => {
      wipe();
      say.line(line);
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
      wipe();
    },
  };
}
