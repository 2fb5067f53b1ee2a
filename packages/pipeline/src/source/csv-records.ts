import { isUtf8 } from "node:buffer";
import { nearestName } from "@ctb-data/models";
import { parse } from "csv-parse/sync";
import type { FieldFailure } from "../failure.ts";
import { PipelineError } from "../pipeline-error.ts";
import { emptyRecord, wrongEncoding } from "./json-record.ts";
import { recordFailure, rejectedText, type RawRecord } from "./record-splitter.ts";
import type { ReadRecord } from "./source-record.ts";

const lineFeed = Buffer.from("\n");
const likelyDelimiters = [";", "\t", "|", ","];

export interface CsvFormat {
  /** For errors. */
  readonly file: string;
  readonly delimiter: string;
  /** The columns that the header must have. */
  readonly columns: readonly string[];
}

/** Makes records of the lines of a CSV file whose first one says what the columns are called. */
export class CsvRecords {
  readonly #format: CsvFormat;
  #header: readonly string[] | undefined;
  #headerLine = 1;

  constructor(format: CsvFormat) {
    this.#format = format;
  }

  /** @throws {PipelineError} FILE_FAILED for a header that lacks a column or has one twice. */
  read(raws: readonly RawRecord[]): readonly ReadRecord[] {
    const [first] = raws;
    if (this.#header !== undefined || first === undefined) return this.#readAll(raws);
    this.#headerLine = first.line;
    this.#header = this.#readHeader(first);
    return this.#readAll(raws.slice(1));
  }

  /** @throws {PipelineError} FILE_FAILED for a file without a header. */
  end(): void {
    if (this.#header !== undefined) return;
    throw this.#refused(
      "is empty: it has no header",
      "A CSV file begins with a line that names its columns.",
    );
  }

  #readAll(raws: readonly RawRecord[]): readonly ReadRecord[] {
    const failures = raws.map(
      ({ failure, bytes }) => failure ?? (isUtf8(bytes) ? undefined : wrongEncoding()),
    );
    const rows = this.#rowsOf(raws.filter((_raw, index) => failures[index] === undefined)).values();
    return raws.map((raw, index) => {
      const failure = failures[index];
      if (failure !== undefined) return refusedRecord(raw, failure);
      const row = rows.next().value;
      return row === undefined
        ? refusedRecord(raw, recordFailure("unreadable", "The record is not CSV."))
        : this.#recordOf(raw, row);
    });
  }

  /** The values of each record; undefined of one that the parser does not take. */
  #rowsOf(raws: readonly RawRecord[]): readonly (readonly string[] | undefined)[] {
    if (raws.length === 0) return [];
    const rows = this.#parse(Buffer.concat(raws.flatMap(({ bytes }) => [bytes, lineFeed])));
    if (rows?.length === raws.length) return rows;
    return raws.map(({ bytes }) => {
      const [row, ...others] = this.#parse(bytes) ?? [];
      return others.length === 0 ? row : undefined;
    });
  }

  #parse(bytes: Buffer): readonly (readonly string[])[] | undefined {
    try {
      return parse(bytes, {
        delimiter: this.#format.delimiter,
        record_delimiter: "\n",
        relax_column_count: true,
      });
    } catch {
      // What the parser says shows some of the record.
      return undefined;
    }
  }

  #recordOf(raw: RawRecord, row: readonly string[]): ReadRecord {
    const header = this.#header ?? [];
    if (row.length !== header.length)
      return refusedRecord(
        raw,
        recordFailure(
          "ragged",
          `The record has ${row.length} values, and the header on line ${this.#headerLine} has ${header.length} columns.`,
        ),
      );
    const record = emptyRecord();
    for (const [index, name] of header.entries()) {
      // A column without a name cannot be asked for.
      if (name !== "") record[name] = row[index] ?? "";
    }
    return { line: raw.line, record, failures: [] };
  }

  #readHeader(raw: RawRecord): readonly string[] {
    const { failure, bytes } = raw;
    if (failure !== undefined) throw this.#refused("has no readable header", failure.message);
    if (!isUtf8(bytes))
      throw this.#refused("is not UTF-8: its header has other bytes", "Save it as UTF-8.");
    const names = this.#rowsOf([raw])[0];
    if (names === undefined)
      throw this.#refused("has no readable header", "Its first line is not CSV.");
    this.#checkHeader(names);
    return names;
  }

  #checkHeader(names: readonly string[]): void {
    const known = new Set<string>();
    for (const name of names) {
      if (name !== "" && known.has(name))
        throw this.#refused(
          `has the column ${shown(name)} twice`,
          "Rename one of them: it cannot be known which one is meant.",
        );
      known.add(name);
    }
    const missing = this.#format.columns.find((column) => !known.has(column));
    if (missing === undefined) return;
    const near = nearestName(
      missing,
      [...known].filter((name) => name !== ""),
    );
    const list = names.slice(0, 20).map(shown).join(", ");
    const hint =
      this.#formatHint(names) ?? (near === undefined ? `It has ${list}.` : `Is it ${shown(near)}?`);
    throw this.#refused(`lacks the column ${shown(missing)}`, hint);
  }

  #formatHint([only = "", ...others]: readonly string[]): string | undefined {
    if (only.includes("\0"))
      return "The header has NUL characters, as UTF-16 without its mark has: save it as UTF-8.";
    if (others.length > 0) return undefined;
    const likely = likelyDelimiters.find((delimiter) => only.includes(delimiter));
    if (likely === undefined) return undefined;
    const names = [likely, this.#format.delimiter].map((text) => JSON.stringify(text));
    return `The header looks as if ${names[0]} stood between the columns; the blueprint says ${names[1]}.`;
  }

  #refused(what: string, hint: string): PipelineError {
    const { file } = this.#format;
    const line = this.#headerLine;
    return new PipelineError("FILE_FAILED", `${file} ${what} (line ${line}).`, {
      file,
      line,
      hint,
    });
  }
}

const mostShown = 80;

function shown(name: string): string {
  return JSON.stringify(name.length > mostShown ? `${name.slice(0, mostShown)}…` : name);
}

function refusedRecord({ line, bytes }: RawRecord, failure: FieldFailure): ReadRecord {
  return { line, record: undefined, failures: [failure], text: rejectedText(bytes) };
}
