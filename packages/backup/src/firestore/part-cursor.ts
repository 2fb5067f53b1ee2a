import type { FirestoreManifest } from "../archive/firestore-manifest.ts";
import type { PartSink, PartWriter } from "../part/part.ts";
import { documentPartName } from "./document-part-name.ts";
import type { LineRun } from "./line-runs.ts";

type DocumentPart = FirestoreManifest["parts"][number];

/** Gives each part of a collection its number. Ranges that are read side by side share it. */
export class PartNumbers {
  readonly #next = new Map<string, number>();

  take(collection: string): number {
    const number = this.#next.get(collection) ?? 0;
    this.#next.set(collection, number + 1);
    return number;
  }
}

interface OpenPart {
  readonly writer: PartWriter;
  readonly collection: string;
  readonly first: string;
  last: string;
  documents: number;
  bytes: number;
}

/** Writes the lines of one range into parts: a new one for each collection, and when one is full. */
export class PartCursor {
  readonly #sink: PartSink;
  readonly #numbers: PartNumbers;
  readonly #partBytes: number;
  readonly #done: DocumentPart[] = [];
  #open: OpenPart | undefined;

  constructor(sink: PartSink, numbers: PartNumbers, partBytes: number) {
    this.#sink = sink;
    this.#numbers = numbers;
    this.#partBytes = partBytes;
  }

  /** In the order of their names. */
  get parts(): readonly DocumentPart[] {
    return this.#done;
  }

  async write({ collection, bytes, paths }: LineRun): Promise<void> {
    const [first] = paths;
    const last = paths.at(-1);
    if (first === undefined || last === undefined) return;
    if (this.#open !== undefined && !this.#fits(this.#open, collection, bytes.length))
      await this.finish();
    this.#open ??= await this.#begin(collection, first);
    await this.#open.writer.write(bytes);
    this.#open.last = last;
    this.#open.documents += paths.length;
    this.#open.bytes += bytes.length;
  }

  async finish(): Promise<void> {
    if (this.#open === undefined) return;
    const { writer, collection, first, last, documents } = this.#open;
    const record = await writer.finish();
    this.#open = undefined;
    this.#done.push({ ...record, collection, documents, first, last });
  }

  /** Never rejects. */
  async abort(): Promise<void> {
    await this.#open?.writer.abort();
    this.#open = undefined;
  }

  #fits(open: OpenPart, collection: string, sizeBytes: number): boolean {
    return open.collection === collection && open.bytes + sizeBytes <= this.#partBytes;
  }

  async #begin(collection: string, first: string): Promise<OpenPart> {
    const writer = await this.#sink.open(
      documentPartName(collection, this.#numbers.take(collection)),
    );
    return { writer, collection, first, last: first, documents: 0, bytes: 0 };
  }
}
