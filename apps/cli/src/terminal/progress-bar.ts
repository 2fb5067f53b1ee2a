import type { Terminal } from "./terminal.ts";

/** Shows how far something is. Without a terminal it shows nothing: the lines that are said tell the same. */
export interface Progress extends Disposable {
  /** Draws the bar for `total` steps. Nothing is drawn for a single one. */
  start(total: number): void;
  update(done: number, label: string): void;
  /** Says a line above the bar. */
  say(line: string): void;
}

/** Opens a bar on stderr; disposing of it wipes it. */
export async function openProgress(terminal: Terminal): Promise<Progress> {
  const { err, say } = terminal;
  if (!err.isTerminal || terminal.json) {
    return {
      start: () => undefined,
      update: () => undefined,
      say: (line) => {
        say.line(line);
      },
      [Symbol.dispose]: () => undefined,
    };
  }
  const { SingleBar } = await import("cli-progress");
  const bar = new SingleBar({
    stream: err.stream,
    format: `${err.paint("cyan", "{bar}")} {value}/{total} {label}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: (err.columns ?? 80) < 80 ? 16 : 30,
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
  });
  let drawn: { readonly total: number; readonly done: number; readonly label: string } | undefined;
  const draw = (): void => {
    if (drawn !== undefined) {
      bar.start(drawn.total, drawn.done, { label: drawn.label });
    }
  };
  const wipe = (): void => {
    if (drawn !== undefined) {
      bar.stop();
    }
  };
  return {
    start: (total) => {
      drawn = total < 2 ? undefined : { total, done: 0, label: "" };
      draw();
    },
    update: (done, label) => {
      if (drawn !== undefined) {
        drawn = { ...drawn, done, label };
        bar.update(done, { label });
      }
    },
    say: (line) => {
      wipe();
      say.line(line);
      draw();
    },
    [Symbol.dispose]: wipe,
  };
}
