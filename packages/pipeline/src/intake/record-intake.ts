import type { IntakeDocuments } from "../documents/intake-document.ts";
import type { FieldFailure } from "../failure.ts";
import type { IntakeMapping, MappedRecord } from "../mapping/mapped-record.ts";
import type { ReadRecord } from "../source/source-record.ts";
import { documentIdOf } from "./document-id.ts";
import type { IntakeTally } from "./intake-tally.ts";
import type { KeyHolder, KeyLedger } from "./key-ledger.ts";
import type { RejectedRecord } from "./rejects-file.ts";

/** A record on its way into the collection. */
export interface WantedDocument {
  readonly path: string;
  /** For the raw access. */
  readonly line: string;
  /** `imo.hash`, and what it would have been under each older key. */
  readonly hashes: ReadonlySet<string>;
}

export interface RecordIntakeOptions {
  readonly vendor: string;
  /** As documents are to name it. */
  readonly fileName: string;
  readonly collection: string;
  readonly mapping: IntakeMapping;
  readonly documents: Pick<IntakeDocuments, "write">;
  readonly ledger: KeyLedger;
  readonly tally: IntakeTally;
  readonly reject: (rejected: RejectedRecord) => Promise<void>;
}

interface Candidate {
  readonly read: ReadRecord;
  readonly id: string;
  readonly hash: string;
  readonly isDoubtful: boolean;
  readonly document: WantedDocument;
}

/** Makes documents of records, and rejects those of which there can be none. */
export class RecordIntake {
  readonly #options: RecordIntakeOptions;

  constructor(options: RecordIntakeOptions) {
    this.#options = options;
  }

  /**
   * The documents of a batch, each once.
   *
   * @throws {PostgresError}; {PipelineError} when the file of rejects cannot be written.
   */
  async take(batch: readonly ReadRecord[]): Promise<readonly WantedDocument[]> {
    const { ledger, tally } = this.#options;
    tally.add("read", batch.length);
    const candidates: Candidate[] = [];
    for (const read of batch) {
      const candidate = await this.#candidateOf(read);
      if (candidate !== undefined) candidates.push(candidate);
    }
    const holders = await ledger.claim(
      candidates.map(({ id, hash, read: { line } }) => ({ id, line, hash })),
    );
    const documents: WantedDocument[] = [];
    for (const [index, candidate] of candidates.entries()) {
      const holder = holders[index];
      if (holder !== undefined) await this.#repeat(candidate, holder);
      else {
        if (candidate.isDoubtful) tally.add("doubtful");
        documents.push(candidate.document);
      }
    }
    return documents;
  }

  async #candidateOf(read: ReadRecord): Promise<Candidate | undefined> {
    const { vendor, collection, mapping, documents, fileName } = this.#options;
    const { record, line } = read;
    if (record === undefined) return await this.#reject(read, read.failures);
    const key = mapping.keyOf(record);
    if (!isKey(key)) return await this.#reject(read, key);
    const id = documentIdOf(vendor, key);
    const mapped = mapping.map(record);
    const written = documents.write(id, mapped, { file: fileName, line });
    // A value that no document can hold would be missing in it without a word.
    if (written.failures.length > 0) return await this.#reject(read, written.failures);
    const { hash, formerHashes } = written;
    return {
      read,
      id,
      hash,
      isDoubtful: isDoubtful(mapped),
      document: {
        path: `${collection}/${id}`,
        line: written.line,
        hashes: new Set([hash, ...formerHashes]),
      },
    };
  }

  async #reject(
    { line, record, text }: ReadRecord,
    failures: readonly FieldFailure[],
  ): Promise<undefined> {
    const { tally, reject } = this.#options;
    tally.add("rejected");
    tally.fail(line, failures);
    await reject({ line, failures, record, text });
  }

  async #repeat({ read, hash }: Candidate, holder: KeyHolder): Promise<void> {
    this.#options.tally.add("repeated");
    if (hash === holder.hash) return;
    const message = `Line ${read.line} has the key of line ${holder.line} and says something else: line ${holder.line} was taken.`;
    await this.#reject(read, [{ field: "", code: "duplicate_key", message }]);
  }
}

function isKey(key: readonly string[] | readonly FieldFailure[]): key is readonly string[] {
  return key.every((part) => typeof part === "string");
}

function isDoubtful(mapped: MappedRecord): boolean {
  for (const { kind } of mapped.values()) if (kind === "raw") return true;
  return false;
}
