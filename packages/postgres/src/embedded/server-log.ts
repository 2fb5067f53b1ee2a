import { closeSync, fstatSync, renameSync, writeSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { openPrivateFile } from "./data-folder.ts";

const maximumBytes = 10_000_000;

/** The server's messages: into a file that keeps at most 20 MB, to whoever listens, and the last lines for errors. */
export class ServerLog {
  readonly #file: string;
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  #descriptor: number;
  #bytes: number;
  #rest = "";
  #tail: string[] = [];

  constructor(file: string, onLine: (line: string) => void) {
    this.#file = file;
    this.#onLine = onLine;
    this.#descriptor = openPrivateFile(file, "a");
    this.#bytes = fstatSync(this.#descriptor).size;
  }

  /** The last lines that say something, at most 8. */
  get tail(): string {
    return this.#tail.join("\n");
  }

  /** Another try: what the last one said no longer counts. */
  forget(): void {
    this.#tail = [];
  }

  write(chunk: Buffer): void {
    this.#append(chunk);
    const lines = (this.#rest + this.#decoder.write(chunk)).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      this.#tail = [...this.#tail, line].slice(-8);
      this.#onLine(line);
    }
  }

  #append(chunk: Buffer): void {
    try {
      if (this.#bytes > maximumBytes) {
        renameSync(this.#file, `${this.#file}.1`);
        closeSync(this.#descriptor);
        this.#descriptor = openPrivateFile(this.#file, "a");
        this.#bytes = 0;
      }
      writeSync(this.#descriptor, chunk);
      this.#bytes += chunk.length;
    } catch {
      // A full disk or a deleted folder: the server's own answer to that matters, not its log.
    }
  }
}
