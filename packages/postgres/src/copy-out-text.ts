import { finished } from "node:stream/promises";
import { to, type CopyToStreamQuery } from "pg-copy-streams";
import { isConnectionLost, toPostgresError } from "./classify-error.ts";
import { cancelled, type Session } from "./session.ts";

/** What one COPY needs to know of its surroundings. */
export interface CopyTextOptions {
  readonly inTransaction: boolean;
  readonly description: string;
  readonly signal: AbortSignal | undefined;
}

/** The text of one `COPY … TO STDOUT`, taken no faster than it is read. */
export class CopyText {
  readonly #session: Session;
  readonly #sql: string;
  readonly #options: CopyTextOptions;
  #stream: CopyToStreamQuery | undefined;
  #release: (() => void) | undefined;
  /** The server has said the end, or an error: there is nothing to stop. */
  #over = false;
  #bytes = 0;

  constructor(session: Session, sql: string, options: CopyTextOptions) {
    this.#session = session;
    this.#sql = sql;
    this.#options = options;
  }

  /** How much has come. */
  get bytes(): number {
    return this.#bytes;
  }

  async start(): Promise<void> {
    // Behind a savepoint a loop that ends early can be cancelled without the transaction being lost.
    if (this.#options.inTransaction) await this.#session.run({ text: "SAVEPOINT ctb_copy" });
    this.#release = await this.#session.hold();
    this.#stream = this.#session.client.query(to(this.#sql));
    this.#stream.on("error", () => {
      this.#over = true;
    });
  }

  /** Whole lines, without their line breaks. */
  async *lines(): AsyncGenerator<readonly string[], void> {
    let rest: Buffer[] = [];
    for await (const bytes of this.chunks()) {
      const end = bytes.lastIndexOf(0x0a);
      if (end === -1) {
        rest.push(bytes);
        continue;
      }
      const text = Buffer.concat([...rest, bytes.subarray(0, end)]).toString("utf8");
      rest = end + 1 < bytes.length ? [bytes.subarray(end + 1)] : [];
      yield text.split("\n");
    }
  }

  /** As it comes. */
  async *chunks(): AsyncGenerator<Buffer, void> {
    const { signal, description } = this.#options;
    const stream = this.#stream;
    if (!stream) return;
    const onAbort = (): void => void stream.destroy(new Error("aborted"));
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      if (signal?.aborted === true) throw cancelled(signal);
      for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
        const bytes: Buffer = chunk;
        this.#bytes += bytes.length;
        yield bytes;
      }
      this.#over = true;
    } catch (error) {
      if (signal?.aborted === true) throw cancelled(signal, error);
      const known = toPostgresError(error, { description });
      if (isConnectionLost(known)) this.#session.taint();
      throw known;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** After the last row, or before: then the server is stopped. */
  async finish(): Promise<void> {
    const early = !this.#over;
    if (early) await this.#stop();
    this.#release?.();
    if (!this.#options.inTransaction || this.#session.lost) return;
    const text = early ? "ROLLBACK TO SAVEPOINT ctb_copy" : "RELEASE SAVEPOINT ctb_copy";
    // After an error of the COPY itself the transaction is over anyway, and that error is the news.
    await this.#session.run({ text }).catch(() => undefined);
  }

  async #stop(): Promise<void> {
    const stream = this.#stream;
    if (!this.#options.inTransaction || stream === undefined || stream.destroyed) {
      await this.#session.stop();
      this.#session.cut();
      return;
    }
    // Listened for before the server is asked: its answer may be faster than the request's end.
    const drained = finished(stream).catch(() => undefined);
    stream.resume();
    await this.#session.stop();
    await drained;
    await this.#session.stopped();
  }
}
