import type { FieldFailure, PlacedFailure } from "../failure.ts";
import { isNull, unescapeInto, type ScannedRow } from "./copy-scanner.ts";
import { FieldWriter, type FieldPlan } from "./field-writer.ts";
import { Sink } from "./sink.ts";
import type { RecordLayout } from "./value-encoder.ts";

/** A record that the output cannot have. */
export interface RejectedRecord {
  /** `clients/42`; of a table without a primary key `clients#17`, the row in the order of the export, from 1. */
  readonly place: string;
  readonly failures: readonly FieldFailure[];
  /** By the vendor's field, what its source had, as PostgreSQL's text. Those of encrypted columns are left out. */
  readonly record: Readonly<Record<string, string | null>>;
}

export interface RecordMakerOptions {
  readonly fields: readonly FieldPlan[];
  readonly layout: RecordLayout;
  readonly table: string;
  /** Where the primary key is in a row. */
  readonly key: readonly number[];
  readonly onRejected: (rejected: RejectedRecord) => void;
}

/** Makes records of rows, one behind the other, into memory. */
export class RecordMaker {
  readonly sink: Sink = new Sink();
  readonly #options: RecordMakerOptions;
  readonly #writers: readonly FieldWriter[];
  read = 0;
  rejected = 0;

  constructor(options: RecordMakerOptions) {
    this.#options = options;
    this.#writers = options.fields.flatMap((plan, index) => {
      const encoder = options.layout.encoders[index];
      return encoder === undefined ? [] : [new FieldWriter(plan, encoder)];
    });
    this.sink.put(options.layout.head);
  }

  readonly onRow = (row: ScannedRow): void => {
    this.read += 1;
    const { sink } = this;
    const { before, end } = this.#options.layout;
    const start = sink.at;
    for (let index = 0; index < this.#writers.length; index += 1) {
      const part = before[index];
      if (part !== undefined && part.length > 0) sink.put(part);
      if (this.#writers[index]?.write(row, sink) !== undefined) {
        this.#reject(row, start);
        return;
      }
    }
    sink.put(end);
  };

  /** Says all that is wrong with the record, not only the first. */
  #reject(row: ScannedRow, start: number): void {
    this.rejected += 1;
    const failures = this.#writers.flatMap((writer) => writer.write(row, this.sink) ?? []);
    this.sink.at = start;
    const shown = this.#writers.filter(({ plan }) => plan.source !== undefined && !plan.isSecret);
    const record = Object.fromEntries(
      shown.map((writer) => [writer.plan.name, writer.source(row)]),
    );
    this.#options.onRejected({ place: this.#placeOf(row), failures, record });
  }

  #placeOf(row: ScannedRow): string {
    const { table, key } = this.#options;
    if (key.length === 0) return `${encodeURIComponent(table)}#${this.read}`;
    const values = key.map((index) => encodeURIComponent(fieldOf(row, index)));
    return `${encodeURIComponent(table)}/${values.join(",")}`;
  }
}

/** The failures of a rejected record with its place. */
export function placedFailures({ place, failures }: RejectedRecord): readonly PlacedFailure[] {
  return failures.map((failure) => ({ place, ...failure }));
}

function fieldOf({ bytes, starts }: ScannedRow, index: number): string {
  const from = starts[index] ?? 0;
  const to = (starts[index + 1] ?? 0) - 1;
  if (isNull(bytes, from, to)) return "";
  const into = Buffer.alloc(to - from);
  return into.toString("utf8", 0, unescapeInto(into, { bytes, from, to }));
}
