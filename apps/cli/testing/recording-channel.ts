import { styleText } from "node:util";
import type { Channel } from "../src/terminal/terminal.ts";
import { wrapText } from "../src/terminal/wrap-text.ts";

/** A channel that keeps what it is told. */
export interface RecordingChannel extends Channel {
  readonly text: () => string;
}

/** A terminal of so many columns; without a number no terminal. */
export function recordingChannel(columns?: number, colored = false): RecordingChannel {
  let text = "";
  const write = (more: string): void => {
    text += more;
  };
  return {
    stream: process.stdout,
    isTerminal: columns !== undefined,
    columns,
    paint: (style, what) => (colored ? styleText(style, what, { validateStream: false }) : what),
    line: (line = "") => {
      write(
        `${line
          .split("\n")
          .map((each) => wrapText(each, columns))
          .join("\n")}\n`,
      );
    },
    write,
    text: () => text,
  };
}
