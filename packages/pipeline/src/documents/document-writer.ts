import { FirestoreError, type RawAccess } from "@ctb-data/firestore";
import type { FieldFailure } from "../failure.ts";
import type { MappedRecord } from "../mapping/mapped-record.ts";
import { DocumentDraft } from "./document-draft.ts";
import { cutText } from "./failure-content.ts";
import type { FieldReader } from "./field-reader.ts";
import { rememberedValue } from "./intake-marks.ts";
import { memberOf } from "./raw-fields.ts";
import { documentSizeBytes, mostDocumentBytes } from "./raw-size.ts";
import type { RecordHashes } from "./record-hash.ts";
import type { ReferenceReader } from "./row-references.ts";

export interface DocumentWriterOptions {
  readonly collection: string;
  readonly table: string;
  readonly raw: Pick<RawAccess, "lineOf">;
  readonly fields: ReadonlyMap<string, FieldReader>;
  readonly references: ReadonlyMap<string, ReferenceReader>;
  readonly hashes: RecordHashes;
}

/** A document of a mapped record. */
export interface WrittenDocument {
  /** The raw line. It says so of itself when `failures` has `too_large` for the whole record: Firestore would not take it. */
  readonly line: string;
  /** `imo.hash` */
  readonly hash: string;
  /** What `hash` would have been under each older key of the ring: a document that has one of them is unchanged. */
  readonly formerHashes: readonly string[];
  readonly failures: readonly FieldFailure[];
}

/** Where a mapped record was found. */
export interface RecordPlace {
  readonly file: string;
  readonly line: number;
}

const longestMessage = 1000;

/** Makes documents of mapped records. */
export class DocumentWriter {
  readonly #options: DocumentWriterOptions;

  constructor(options: DocumentWriterOptions) {
    this.#options = options;
  }

  write(id: string, mapped: MappedRecord, place: RecordPlace): WrittenDocument {
    const path = `${this.#options.collection}/${id}`;
    const draft = new DocumentDraft(this.#options);
    for (const [column, value] of mapped) draft.add(column, value);
    const [hash, ...formerHashes] = this.#options.hashes.of(mapped);
    const imo = { hash, file: cutText(place.file, longestMessage), line: place.line };
    const line = this.#droppingLine(path, draft, imo);
    return { line, hash, formerHashes, failures: [...draft.failures, ...tooLarge(path, line)] };
  }

  /** The line without the fields that no document can hold. */
  #droppingLine(path: string, draft: DocumentDraft, imo: object): string {
    for (;;) {
      try {
        return this.#lineOf(path, draft, imo);
      } catch (error) {
        if (!draft.drop(error)) throw error;
      }
    }
  }

  #lineOf(path: string, { data, failed }: DocumentDraft, imo: object): string {
    const { raw } = this.#options;
    if (failed.length === 0) return raw.lineOf(path, { ...data, imo });
    const fields: unknown = memberOf(JSON.parse(raw.lineOf(path, data)), "fields");
    const lineWith = (longest?: number): string => {
      const failures = failed.map(({ field, code, message, isKept }) => ({
        field,
        code,
        message: cutText(message, longestMessage),
        ...(isKept && rememberedValue(memberOf(fields, field), data[field], longest)),
      }));
      return raw.lineOf(path, { ...data, imo: { ...imo, failures } });
    };
    try {
      return lineWith();
    } catch (error) {
      // What a field can hold may be too deep for where it is remembered.
      if (!(error instanceof FirestoreError) || error.code !== "INVALID_VALUE") throw error;
      return lineWith(0);
    }
  }
}

function tooLarge(path: string, line: string): readonly FieldFailure[] {
  // JSON is never shorter than what Firestore counts.
  if (Buffer.byteLength(line) <= mostDocumentBytes) return [];
  const size = documentSizeBytes(path, memberOf(JSON.parse(line), "fields"));
  if (size <= mostDocumentBytes) return [];
  const message = `The document would have ${size.toLocaleString("en")} bytes, and Firestore takes at most ${mostDocumentBytes.toLocaleString("en")}.`;
  return [{ field: "", code: "too_large", message }];
}
