import type { RawBatch, RawRange } from "@ctb-data/firestore";
import type { IntakeDocument } from "../documents/intake-document.ts";
import type { DocumentBatch } from "./document-batch.ts";
import type { MiddleContext } from "./middle-context.ts";
import { FaultPauses } from "./passing-fault.ts";

/** A moment may be read for an hour, and what is read late was often changed since: so many documents are read at one moment. */
const perSnapshot = 20_000;
/** Bytes of lines in one batch: documents of a mebibyte come in small batches. */
export const batchBytes: number = 16 * 1024 * 1024;
const mostGot = 100;

export interface DocumentRange {
  readonly range: RawRange;
  /** The path of the last document that is done already. */
  readonly position: string | undefined;
}

/**
 * Reads the documents of a range that are directly in the collection, each batch at a moment that is not long ago.
 *
 * @throws {FirestoreError}, {PipelineError} CANCELLED
 */
export async function* readDocuments(
  context: MiddleContext,
  { range, position }: DocumentRange,
  signal: AbortSignal,
): AsyncGenerator<DocumentBatch, void> {
  const gathering = new Gathering(context, position);
  const pauses = new FaultPauses({ patienceMs: context.patienceMs, signal });
  for (let isAtEnd = false; !isAtEnd;) {
    try {
      const last = gathering.last;
      const snapshot = await context.stores.firestore.raw.snapshot({ signal });
      const from = last === undefined ? range : { ...range, start: last };
      // The limit ends the stream in the server; the last document that was read comes once more.
      const limit = perSnapshot + (last === undefined ? 0 : 1);
      let lines = 0;
      for await (const raw of snapshot.read(from, { limit, signal })) {
        pauses.reset();
        lines += raw.lines.length;
        yield* gathering.add(raw);
      }
      isAtEnd = lines < limit;
    } catch (error) {
      await pauses.after(error);
    }
  }
  yield* gathering.rest();
}

/** Makes batches of what comes in raw ones. */
class Gathering {
  /** The path of the last document that was seen. */
  last: string | undefined;
  readonly #context: MiddleContext;
  readonly #prefix: string;
  #documents: IntakeDocument[] = [];
  #bytes = 0;

  constructor(context: MiddleContext, last: string | undefined) {
    this.#context = context;
    this.#prefix = `${context.documents.collection}/`;
    this.last = last;
  }

  *add({ bytes, lines }: RawBatch): Generator<DocumentBatch> {
    let start = 0;
    for (const { path, end, updateTimeUs } of lines) {
      const line = bytes.subarray(start, end);
      start = end;
      if (path === this.last) continue;
      this.last = path;
      if (path.startsWith(this.#prefix) && !path.includes("/", this.#prefix.length))
        this.#documents.push(this.#context.documents.read(path, line, updateTimeUs));
      this.#bytes += line.length;
      if (this.#documents.length >= this.#context.batch || this.#bytes >= batchBytes)
        yield* this.rest();
    }
  }

  *rest(): Generator<DocumentBatch> {
    const documents = this.#documents;
    this.#documents = [];
    this.#bytes = 0;
    if (this.last === undefined || documents.length === 0) return;
    yield { documents, missing: [], entries: [], position: this.last };
  }
}

/** Documents that were read by their ids. */
export interface FoundDocuments {
  readonly documents: readonly IntakeDocument[];
  readonly missing: readonly string[];
  readonly bytes: number;
}

/** Reads documents by their ids as they are now. @throws {FirestoreError} */
export async function getDocuments(
  { stores: { firestore }, documents }: MiddleContext,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<FoundDocuments> {
  const found: IntakeDocument[] = [];
  const missing = new Set(ids);
  let sum = 0;
  const snapshot = await firestore.raw.snapshot({ signal });
  for (let from = 0; from < ids.length; from += mostGot) {
    const paths = ids.slice(from, from + mostGot).map((id) => `${documents.collection}/${id}`);
    const { bytes, lines } = await snapshot.get(paths, { signal });
    sum += bytes.length;
    let start = 0;
    for (const { path, end, updateTimeUs } of lines) {
      const document = documents.read(path, bytes.subarray(start, end), updateTimeUs);
      start = end;
      missing.delete(document.id);
      found.push(document);
    }
  }
  return { documents: found, missing: [...missing], bytes: sum };
}
