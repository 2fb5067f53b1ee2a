import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { compileIntakeDocuments } from "../documents/compile-intake-documents.ts";
import { markFields } from "../documents/intake-document.ts";
import { memberOf } from "../documents/raw-fields.ts";
import { compileIntakeMapping } from "../mapping/intake-mapping.ts";
import { PipelineError } from "../pipeline-error.ts";
import { readRecords } from "../source/read-records.ts";
import type { RecordSource } from "../source/source-record.ts";
import type { BothStores } from "../work-options.ts";
import { DocumentIntake } from "./document-intake.ts";
import { toIntakeError } from "./intake-error.ts";
import type { IntakeOptions, IntakeReport } from "./intake-options.ts";
import { IntakeTally } from "./intake-tally.ts";
import { KeyLedger } from "./key-ledger.ts";
import { isEmptyCollection } from "./present-documents.ts";
import { RecordIntake, type WantedDocument } from "./record-intake.ts";
import { RejectsFile, type RejectedRecord } from "./rejects-file.ts";

/**
 * Takes a vendor's file into the intake collection of a blueprint: one document for each key. A document that has what the vendor sent is left
 * as it is, whatever people have made of it since; one of which the vendor has sent something else gets that. So taking a file in again,
 * also after it was stopped anywhere, ends with the documents that doing it once ends with. Of several records of one key the first of the
 * file counts. Memory does not grow with the file.
 *
 * A write whose answer was lost may be counted as unchanged: it finds what it wrote itself.
 *
 * @throws {PipelineError} INVALID_OPTIONS, INVALID_BLUEPRINT, NOT_FOUND, DENIED, FILE_FAILED, FIRESTORE_FAILED, DATABASE_FAILED, CANCELLED;
 * what `onWritten` throws. What was written before stays, and no file of rejects appears.
 */
export async function intakeFile(
  stores: BothStores,
  options: IntakeOptions,
): Promise<IntakeReport> {
  const { file, signal } = options;
  const rejectsFile = options.rejectsFile ?? `${file}.rejected.ndjson`;
  if (await isSameFile(rejectsFile, file))
    throw new PipelineError("INVALID_OPTIONS", "The file of rejects is the file itself.", {
      file,
      hint: "Name another one.",
    });
  try {
    await using ledger = await KeyLedger.open(stores.postgres, signal);
    await using rejects = new RejectsFile(rejectsFile, file);
    return await new FileIntake(stores, options, { ledger, rejects }).run();
  } catch (error) {
    throw toIntakeError(error, file, signal);
  }
}

/** Whether two paths lead to one file, also by links. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  if (resolve(one) === resolve(other)) return true;
  const [first, second] = await Promise.all(
    [one, other].map(async (path) => await stat(path, { bigint: true }).catch(() => undefined)),
  );
  return first !== undefined && first.dev === second?.dev && first.ino === second.ino;
}

interface IntakeParts {
  readonly ledger: KeyLedger;
  readonly rejects: RejectsFile;
}

class FileIntake {
  readonly #stores: BothStores;
  readonly #options: IntakeOptions;
  readonly #parts: IntakeParts;
  readonly #tally: IntakeTally;
  readonly #source: RecordSource;
  /** Bytes that were read and not told of. */
  #bytes = 0;

  constructor(stores: BothStores, options: IntakeOptions, parts: IntakeParts) {
    const { format, delimiter, key, columns } = options.blueprint.intake;
    const { file, signal, onWritten, batch } = options;
    this.#stores = stores;
    this.#options = options;
    this.#parts = parts;
    this.#tally = new IntakeTally(onWritten);
    const origins = [...key, ...[...columns.values()].map(({ origin }) => origin)];
    this.#source = readRecords(file, {
      format,
      delimiter,
      columns: origins.flatMap((origin) => (origin.kind === "column" ? [origin.column] : [])),
      ...(batch !== undefined && { batch }),
      onBytes: (bytes) => void (this.#bytes += bytes),
      signal,
    });
  }

  async run(): Promise<IntakeReport> {
    const { dryRun = false, signal, blueprint, onProgress } = this.#options;
    const { firestore } = this.#stores;
    const { intake } = blueprint;
    await this.#tellTotal();
    const writing = new DocumentIntake({
      firestore,
      fields: [...intake.columns.keys(), ...markFields],
      tally: this.#tally,
      refuse: async ({ line, reason }) => await this.#refuse(line, reason),
      onWritten: (items) => onProgress?.({ kind: "count", name: "documents", items }),
      signal,
    });
    const isFresh = await isEmptyCollection(firestore, intake.collection, signal);
    const documents = this.#documents();
    if (dryRun) await writing.rehearse(documents, isFresh);
    else await writing.write(documents, isFresh);
    const rejectsFile = dryRun ? undefined : await this.#parts.rejects.finish();
    await this.#tally.tell({ isLast: true });
    return this.#report(rejectsFile);
  }

  async *#documents(): AsyncGenerator<readonly WantedDocument[], void> {
    const { onProgress } = this.#options;
    const records = this.#recordIntake();
    for await (const batch of this.#source) {
      yield await records.take(batch);
      onProgress?.({ kind: "count", name: "records", items: batch.length, bytes: this.#bytes });
      this.#bytes = 0;
    }
  }

  #recordIntake(): RecordIntake {
    const { registry, firestore, keyring } = this.#stores;
    const { blueprint, file } = this.#options;
    const { table, collection } = blueprint.intake;
    return new RecordIntake({
      vendor: blueprint.vendor,
      fileName: basename(file),
      collection,
      mapping: compileIntakeMapping(blueprint, registry),
      documents: compileIntakeDocuments({ registry, table, collection, firestore, keyring }),
      ledger: this.#parts.ledger,
      tally: this.#tally,
      reject: async (rejected) => await this.#reject(rejected),
    });
  }

  async #reject(rejected: RejectedRecord): Promise<void> {
    if (this.#options.dryRun !== true) await this.#parts.rejects.add(rejected);
  }

  async #refuse(document: string, message: string): Promise<void> {
    const imo = memberOf(JSON.parse(document), "fields", "imo", "mapValue", "fields");
    const line = Number(memberOf(imo, "line", "integerValue"));
    const failures = [{ field: "", code: "refused", message }] as const;
    this.#tally.add("rejected");
    this.#tally.fail(line, failures);
    await this.#reject({ line, failures });
  }

  async #tellTotal(): Promise<void> {
    const { onProgress, file } = this.#options;
    // A file that cannot be looked at is told of when it is read.
    const bytes = await stat(file).then(
      ({ size }) => size,
      () => undefined,
    );
    onProgress?.({ kind: "total", name: "records", items: undefined, bytes });
  }

  #report(rejectsFile: string | undefined): IntakeReport {
    const { bytes = 0, sha256 = "" } = this.#source.summary ?? {};
    const { counts, firstErrors } = this.#tally;
    return { ...counts, bytes, sha256, rejectsFile, firstErrors };
  }
}
