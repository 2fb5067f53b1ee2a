import { isatty } from "node:tty";
import { styleText } from "node:util";
import { wrapText } from "./wrap-text.ts";

/** How the command was asked to talk. */
export interface TerminalOptions {
  readonly json: boolean;
  /** False for `--no-color`. */
  readonly color: boolean;
  /** False for `--no-input`. */
  readonly input: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The streams of a process. */
export type Streams = Pick<NodeJS.Process, "stdin" | "stdout" | "stderr">;

/** Something that can be written to, and how. */
export interface Channel {
  readonly stream: NodeJS.WriteStream;
  /** Is a terminal that can draw: animation and wrapping make sense. */
  readonly isTerminal: boolean;
  /** In characters; undefined when there is no terminal, and lines may be as long as they are. */
  readonly columns: number | undefined;
  /** Gives the text in a style, or as it is where there is no colour. */
  paint(style: Style, text: string): string;
  /** Writes lines for people: on a terminal they break at spaces. A line feed is added at the end. */
  line(text?: string): void;
  /** Writes a text as it is, for programs and files. */
  write(text: string): void;
}

/** A colour or another look, or several. */
export type Style = Parameters<typeof styleText>[0];

/** Where a command's words go: the answer to stdout, everything else to stderr. */
export interface Terminal {
  readonly json: boolean;
  readonly out: Channel;
  readonly err: Channel;
  readonly stdin: NodeJS.ReadStream;
  /** Whether a question can be asked at all. */
  readonly canAsk: boolean;
  /** What people read while or after it happens: on stdout, or on stderr when stdout is for `--json`. */
  readonly say: Channel;
}

/** Wraps the streams of the process with what the flags and the environment say about them. */
export function createTerminal(streams: Streams, options: TerminalOptions): Terminal {
  const out = createChannel(streams.stdout, options);
  const err = createChannel(streams.stderr, options);
  return {
    json: options.json,
    out,
    err,
    stdin: streams.stdin,
    canAsk: options.input && !options.json && isatty(streams.stdin.fd) && isatty(streams.stderr.fd),
    say: options.json ? err : out,
  };
}

/** The least width that is laid out for: narrower terminals wrap by themselves. */
const minimumColumns = 40;

function createChannel(stream: Streams["stdout" | "stderr"], options: TerminalOptions): Channel {
  const hasTerminal = isatty(stream.fd);
  const colored = isColored(hasTerminal, options);
  const columns = (): number | undefined =>
    // A pseudo-terminal that nobody has told its size says 0.
    hasTerminal ? Math.max(stream.columns || 80, minimumColumns) : undefined;
  const write = (text: string): void => {
    // A reader that has gone (`| head`) is no reason to stop in the middle of a migration.
    if (stream.writable) {
      stream.write(text);
    }
  };
  return {
    stream,
    isTerminal: hasTerminal && options.env["TERM"] !== "dumb",
    // Asked each time: a window may be resized meanwhile.
    get columns() {
      return columns();
    },
    paint: (style, text) => (colored ? styleText(style, text, { validateStream: false }) : text),
    line: (text = "") => {
      const lines = text.split("\n").map((line) => wrapText(line, columns()));
      write(`${lines.join("\n")}\n`);
    },
    write,
  };
}

function isColored(hasTerminal: boolean, { color, env }: TerminalOptions): boolean {
  if (!color || env["NO_COLOR"] || env["TERM"] === "dumb") {
    return false;
  }
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined && forced !== "") {
    return forced !== "0" && forced !== "false";
  }
  return hasTerminal;
}
