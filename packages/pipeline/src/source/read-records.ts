import { PipelineError } from "../pipeline-error.ts";
import { CsvRecords } from "./csv-records.ts";
import { CsvSplitter } from "./csv-splitter.ts";
import { decodeText } from "./decode-text.ts";
import { decompress } from "./decompress.ts";
import { readJsonRecord } from "./json-record.ts";
import { JsonSplitter } from "./json-splitter.ts";
import { LineSplitter } from "./line-splitter.ts";
import type { RawRecord, RecordSplitter } from "./record-splitter.ts";
import { SourceFile } from "./source-file.ts";
import type {
  ReadRecord,
  ReadRecordsOptions,
  RecordSource,
  SourceSummary,
} from "./source-record.ts";

const defaultBatch = 500;
/** What the records of a batch may have together, so that memory stays flat however large they are. */
const mostBatchBytes = 4 * 1024 * 1024;

/**
 * Reads the records of a file of any size, a batch at a time and once, no faster than they are taken. gzip, zstd and UTF-16 are told by how the
 * file begins. Each line is a record, part of one, blank, or named by a failure: a record that cannot be used holds no other back.
 *
 * What the loop throws: {PipelineError} NOT_FOUND, DENIED, CANCELLED; FILE_FAILED for a header that lacks a column or has one twice, and for
 * a file that is cut off, damaged, or changed while it is read.
 */
export function readRecords(file: string, options: ReadRecordsOptions): RecordSource {
  return new FileRecords(file, options);
}

/** Makes records of what a splitter found. */
interface RecordMaker {
  read(raws: readonly RawRecord[]): readonly ReadRecord[];
  end(): void;
}

class FileRecords implements RecordSource {
  readonly #file: string;
  readonly #options: ReadRecordsOptions;
  #summary: SourceSummary | undefined;

  constructor(file: string, options: ReadRecordsOptions) {
    this.#file = file;
    this.#options = options;
  }

  get summary(): SourceSummary | undefined {
    return this.#summary;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly ReadRecord[], void> {
    const file = this.#file;
    await using source = await SourceFile.open(file);
    const text = decodeText(file, decompress(file, source.read(this.#options)));
    const { splitter, maker } = partsOf(file, this.#options);
    let records = 0;
    for await (const raws of batchesOf(splitter, text, this.#options.batch ?? defaultBatch)) {
      const batch = maker.read(raws);
      records += batch.length;
      if (batch.length > 0) yield batch;
    }
    maker.end();
    this.#summary = { records, bytes: source.bytes, sha256: source.sha256 };
  }
}

function partsOf(
  file: string,
  { format, delimiter, columns }: ReadRecordsOptions,
): { readonly splitter: RecordSplitter; readonly maker: RecordMaker } {
  if (format === "csv")
    return {
      splitter: new CsvSplitter(delimiter),
      maker: new CsvRecords({ file, delimiter, columns }),
    };
  if (format === "ndjson")
    return { splitter: new LineSplitter(), maker: { read: readJson, end: () => undefined } };
  const splitter = new JsonSplitter();
  return { splitter, maker: { read: readJson, end: () => checkEnd(file, splitter) } };
}

function readJson(raws: readonly RawRecord[]): readonly ReadRecord[] {
  return raws.map(readJsonRecord);
}

function checkEnd(file: string, { openArrayLine, hasValues }: JsonSplitter): void {
  if (openArrayLine !== undefined)
    throw new PipelineError(
      "FILE_FAILED",
      `${file} ends before the array ends that begins on line ${openArrayLine}.`,
      { file, hint: "It is cut off, or brackets or quotes of a record do not match." },
    );
  if (!hasValues)
    throw new PipelineError("FILE_FAILED", `${file} is empty: it has no JSON value.`, {
      file,
      hint: "A list of no records is [].",
    });
}

async function* batchesOf(
  splitter: RecordSplitter,
  text: AsyncIterable<Buffer>,
  size: number,
): AsyncGenerator<readonly RawRecord[], void> {
  let pending: RawRecord[] = [];
  let bytes = 0;
  for await (const chunk of text) {
    for (const raw of splitter.push(chunk)) {
      pending.push(raw);
      bytes += raw.bytes.length;
      if (pending.length < size && bytes < mostBatchBytes) continue;
      yield pending;
      pending = [];
      bytes = 0;
    }
  }
  pending.push(...splitter.end());
  yield pending;
}
