import type { FieldFailure } from "../failure.ts";
import { ByteMemo } from "./byte-memo.ts";
import type { ByteRule } from "./byte-rule.ts";
import { isNull, unescapeInto, type ScannedRow } from "./copy-scanner.ts";
import type { Sink } from "./sink.ts";
import type { ByteSlice, ValueEncoder } from "./value-encoder.ts";

/** What came of a source value: a text, nothing at all (null), or why not. */
export type MadeText = string | null | readonly FieldFailure[];

/** How a field's value is made of PostgreSQL's text of its source; null is a missing one. */
export type MakeText = (text: string | null) => MadeText;

/** All that is known of one field before the first row. */
export interface FieldPlan {
  readonly name: string;
  /** Where its source is in the row. Undefined for a constant. */
  readonly source: number | undefined;
  /** The whole truth about its value. */
  readonly make: MakeText;
  /** The same for the most usual texts, from bytes to bytes. */
  readonly byteRule: ByteRule | undefined;
  /** The source is encrypted: nothing of it is remembered or shown. */
  readonly isSecret: boolean;
}

type MadeBytes = Uint8Array | null | readonly FieldFailure[];

/** Writes one field of each record. */
export class FieldWriter {
  readonly plan: FieldPlan;
  readonly #encoder: ValueEncoder;
  readonly #memo: ByteMemo<MadeBytes> | undefined;
  readonly #slice: ByteSlice = { bytes: Buffer.alloc(0), from: 0, to: 0 };
  #unescaped: Buffer = Buffer.allocUnsafeSlow(256);
  #ofNull: MadeBytes | undefined;

  constructor(plan: FieldPlan, encoder: ValueEncoder) {
    this.plan = plan;
    this.#encoder = encoder;
    this.#memo = plan.isSecret ? undefined : new ByteMemo();
  }

  /** @returns what is wrong, if anything is. */
  write(row: ScannedRow, sink: Sink): readonly FieldFailure[] | undefined {
    if (!this.#locate(row)) {
      this.#ofNull ??= bytesOf(this.plan.make(null));
      return this.#put(this.#ofNull, sink);
    }
    const slice = this.#slice;
    if (this.plan.byteRule?.(slice) === true) return this.#encode(slice, sink);
    const { bytes, from, to } = slice;
    const known = this.#memo?.get(bytes, from, to);
    if (known !== undefined) return this.#put(known, sink);
    const made = bytesOf(this.plan.make(textOf(slice)));
    this.#memo?.put(bytes, from, to, made);
    return this.#put(made, sink);
  }

  /** The text of the source; null for a missing one or a constant. */
  source(row: ScannedRow): string | null {
    return this.#locate(row) ? textOf(this.#slice) : null;
  }

  /** Finds the value of the source, without its escapes. False when there is none. */
  #locate({ bytes, starts, escaped }: ScannedRow): boolean {
    const { source } = this.plan;
    if (source === undefined) return false;
    const from = starts[source] ?? 0;
    const to = (starts[source + 1] ?? 0) - 1;
    const slice = this.#slice;
    if (escaped[source] !== 1) {
      slice.bytes = bytes;
      slice.from = from;
      slice.to = to;
      return true;
    }
    if (isNull(bytes, from, to)) return false;
    if (to - from > this.#unescaped.length)
      this.#unescaped = Buffer.allocUnsafeSlow((to - from) * 2);
    slice.to = unescapeInto(this.#unescaped, { bytes, from, to });
    slice.bytes = this.#unescaped;
    slice.from = 0;
    return true;
  }

  #put(made: MadeBytes, sink: Sink): readonly FieldFailure[] | undefined {
    if (made === null) return this.#checked(this.#encoder.missing(sink));
    if (!(made instanceof Uint8Array)) return made;
    const slice = this.#slice;
    slice.bytes = made;
    slice.from = 0;
    slice.to = made.length;
    return this.#encode(slice, sink);
  }

  #encode(slice: ByteSlice, sink: Sink): readonly FieldFailure[] | undefined {
    return this.#checked(this.#encoder.value(sink, slice));
  }

  #checked(fault: ReturnType<ValueEncoder["value"]>): readonly FieldFailure[] | undefined {
    if (fault === undefined) return undefined;
    const field = this.plan.name;
    return [{ field, code: fault.code, message: `The value of ${field} ${fault.message}.` }];
  }
}

function bytesOf(made: MadeText): MadeBytes {
  return typeof made === "string" ? Buffer.from(made) : made;
}

function textOf({ bytes, from, to }: ByteSlice): string {
  return bytes instanceof Buffer
    ? bytes.toString("utf8", from, to)
    : Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("utf8");
}
