import { Readable, Writable } from "node:stream";
import { from, type CopyStreamQuery } from "pg-copy-streams";
import { toPostgresError } from "./classify-error.ts";
import { CopyText } from "./copy-out-text.ts";
import { cancelled, type Session } from "./session.ts";

/** How a raw copy is watched. */
export interface CopyStreamOptions {
  readonly signal?: AbortSignal;
  readonly description: string;
}

/** `COPY … FROM STDIN` as a stream. The session goes back when the stream closes. */
export function copyInStream(session: Session, sql: string, options: CopyStreamOptions): Writable {
  const { signal } = options;
  const stream = new CopyInWritable(session, sql, options);
  const onAbort = (): void => void (signal && stream.destroy(cancelled(signal)));
  signal?.addEventListener("abort", onAbort, { once: true });
  stream.once("close", () => {
    signal?.removeEventListener("abort", onAbort);
    session.release();
  });
  if (signal?.aborted === true) onAbort();
  return stream;
}

/** `COPY … TO STDOUT` as a stream. Destroying it stops the server. */
export function copyOutStream(session: Session, sql: string, options: CopyStreamOptions): Readable {
  let started = false;
  const onStart = (): void => {
    started = true;
  };
  const stream = Readable.from(copyChunks(session, sql, { ...options, onStart }), {
    objectMode: false,
  });
  // A generator that nobody has asked for anything ends without its `finally`.
  stream.once("close", () => {
    if (!started) session.release();
  });
  return stream;
}

async function* copyChunks(
  session: Session,
  sql: string,
  { signal, description, onStart }: CopyStreamOptions & { readonly onStart: () => void },
): AsyncGenerator<Buffer, void> {
  onStart();
  const text = new CopyText(session, sql, { signal, description, inTransaction: false });
  try {
    await text.start();
    yield* text.chunks();
  } finally {
    await text.finish();
    session.release();
  }
}

/** Stands before the stream of pg-copy-streams, which throws when it is written to or destroyed after an error. */
class CopyInWritable extends Writable {
  readonly #session: Session;
  readonly #inner: CopyStreamQuery;
  #over = false;

  constructor(session: Session, sql: string, { description }: CopyStreamOptions) {
    super({ highWaterMark: 256 * 1024 });
    this.#session = session;
    this.#inner = session.client.query(from(sql));
    this.#inner.on("error", (error) => {
      if (this.#over) return;
      this.#over = true;
      this.destroy(toPostgresError(error, { description }));
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#over || this.#inner.write(chunk)) done();
    else this.#inner.once("drain", done);
  }

  override _final(done: () => void): void {
    this.#inner.once("finish", () => {
      this.#over = true;
      done();
    });
    this.#inner.end();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#over) {
      done(error);
      return;
    }
    this.#over = true;
    const timer = setTimeout(() => this.#session.cut(), 5000);
    this.#inner.once("close", () => {
      clearTimeout(timer);
      done(error);
    });
    this.#inner.destroy(new Error("given up"));
  }
}
