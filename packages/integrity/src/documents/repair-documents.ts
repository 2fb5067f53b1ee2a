import type { Finding, FixStrategy } from "../finding.ts";
import { IntegrityError } from "../integrity-error.ts";
import { DocumentRepairs, type PlannedRepair, type SkippedRepair } from "./document-repair.ts";
import type { DocumentStores } from "./document-stores.ts";
import { scanDocuments, type DocumentScanOptions, type FoundCase } from "./scan-documents.ts";
import { writeDocuments } from "./write-documents.ts";

/** A document as it was, and as it will be: what undo needs. */
export interface KeptDocument {
  /** The id of the finding that it is done for. */
  readonly finding: string;
  readonly collection: string;
  /** Relative to the database. */
  readonly path: string;
  readonly action: "moved" | "deleted" | "changed" | "created";
  /** Why, as a full sentence without any value. */
  readonly why: string;
  /** The document as it is, a raw line without its line feed; null where there is none. */
  readonly oldDocument: string | null;
  /** As it is to be, without times; null where it is to be gone. */
  readonly newDocument: string | null;
}

/** Where documents are kept before they are touched. */
export interface DocumentJournal {
  /** Keeps them, committed when it resolves: only then are the documents written. */
  keep(documents: readonly KeptDocument[]): Promise<void>;
  /** Forgets those that were not written after all. */
  forget(documents: readonly KeptDocument[]): Promise<void>;
}

export interface DocumentRepairOptions extends Omit<
  DocumentScanOptions,
  "onCases" | "collections" | "tables"
> {
  readonly strategy: FixStrategy;
  readonly journal: DocumentJournal;
  /** Looks for what would be done, and does nothing. */
  readonly dryRun?: boolean | undefined;
}

/** What became of the documents of one finding. A document that several findings name counts for each. */
export interface RepairedFinding {
  readonly finding: Finding;
  /** How many were written or deleted (or would be). */
  readonly changed: number;
  /** Those that were left alone, by the reason: full sentences without any value, with the path of the first. */
  readonly skipped: readonly {
    readonly reason: string;
    readonly documents: number;
    readonly example: string;
  }[];
}

/**
 * Mends what a check has found, all findings of a collection in one pass. Each document is looked at again, its old line is kept by the
 * journal, and only then it is written, under the condition that it is still what was read. Documents that somebody changes meanwhile
 * are left alone and reported.
 *
 * `document_without_row`: the document goes. `invalid_document`: it goes, and where there is a row it is written anew from it.
 * `row_without_document`: it is written from the row. `different_field`: the field is written from the row, other fields stay.
 * `dangling_document`: with `set-null` the field becomes null, or goes where it may not be null; where it may be neither, and with any
 * other strategy, the document goes as an invalid one does; a row that says the same does not bring it back.
 *
 * @throws {IntegrityError} REFUSED without PostgreSQL, which keeps what was there; CANCELLED. @throws {FirestoreError}
 * @throws {PostgresError}
 */
export async function repairDocuments(
  stores: DocumentStores,
  findings: readonly Finding[],
  options: DocumentRepairOptions,
): Promise<readonly RepairedFinding[]> {
  if (stores.rows === undefined)
    throw new IntegrityError(
      "REFUSED",
      "Documents are only mended with PostgreSQL, which keeps them as they were.",
      { hint: "Give the URL of the PostgreSQL database." },
    );
  const repairing = new DocumentRepairing(stores, findings, options);
  return await repairing.run();
}

class DocumentRepairing {
  readonly #stores: DocumentStores;
  readonly #options: DocumentRepairOptions;
  readonly #findings: ReadonlyMap<string, Finding>;
  readonly #changed = new Map<string, number>();
  readonly #skipped = new Map<
    string,
    Map<string, { documents: number; readonly example: string }>
  >();

  constructor(
    stores: DocumentStores,
    findings: readonly Finding[],
    options: DocumentRepairOptions,
  ) {
    this.#stores = stores;
    this.#options = options;
    this.#findings = new Map(findings.map((finding) => [finding.id, finding]));
  }

  async run(): Promise<readonly RepairedFinding[]> {
    const collections = new Set(
      [...this.#findings.values()].flatMap(({ collection }) => collection ?? []),
    );
    const { strategy } = this.#options;
    await scanDocuments(this.#stores, {
      ...this.#options,
      collections: [...collections],
      onCases: async (cases, { judge }) => {
        const repairs = new DocumentRepairs(this.#stores.firestore, judge.collection, strategy);
        await this.#mend(cases, repairs, judge.collection);
      },
    });
    return [...this.#findings.values()].map((finding) => ({
      finding,
      changed: this.#changed.get(finding.id) ?? 0,
      skipped: [...(this.#skipped.get(finding.id) ?? [])].map(([reason, of]) => ({
        reason,
        ...of,
      })),
    }));
  }

  async #mend(
    cases: readonly FoundCase[],
    repairs: DocumentRepairs,
    collection: string,
  ): Promise<void> {
    const planned: PlannedRepair[] = [];
    for (const found of cases) {
      const problems = found.problems.filter(({ subject }) => this.#findings.has(subject.id));
      if (problems.length === 0) continue;
      const plan = repairs.plan(found, problems);
      if ("reason" in plan) this.#skip(plan);
      else planned.push(plan);
    }
    if (planned.length === 0) return;
    const refused =
      this.#options.dryRun === true
        ? new Map<string, string>()
        : await this.#write(planned, collection);
    for (const plan of planned) {
      const reason = refused.get(plan.found.path);
      if (reason !== undefined) this.#skip({ ...plan, reason });
      else for (const id of idsOf(plan)) this.#changed.set(id, (this.#changed.get(id) ?? 0) + 1);
    }
  }

  async #write(
    planned: readonly PlannedRepair[],
    collection: string,
  ): Promise<ReadonlyMap<string, string>> {
    const { journal, signal } = this.#options;
    const kept = planned.map((plan) => keptOf(plan, collection));
    await journal.keep(kept);
    const writes = planned.map(({ found: { path, document }, newLine }) => ({
      path,
      before: document,
      line: newLine,
    }));
    const refused = new Map(
      (await writeDocuments(this.#stores.firestore, writes, signal)).map(({ path, reason }) => [
        path,
        reason,
      ]),
    );
    if (refused.size > 0) await journal.forget(kept.filter(({ path }) => refused.has(path)));
    return refused;
  }

  #skip({ found, reason, ...plan }: SkippedRepair): void {
    for (const id of idsOf(plan)) {
      const reasons = this.#skipped.get(id) ?? new Map();
      this.#skipped.set(id, reasons);
      const known = reasons.get(reason) ?? { documents: 0, example: found.path };
      known.documents += 1;
      reasons.set(reason, known);
    }
  }
}

function idsOf({ problems }: Pick<SkippedRepair, "problems">): ReadonlySet<string> {
  return new Set(problems.map(({ subject }) => subject.id));
}

function keptOf(
  { found, problems, action, newLine }: PlannedRepair,
  collection: string,
): KeptDocument {
  const subjects = [...new Map(problems.map(({ subject }) => [subject.id, subject])).values()];
  return {
    finding: subjects[0]?.id ?? "",
    collection,
    path: found.path,
    action,
    why: subjects.map(({ message }) => message(1)).join(" "),
    oldDocument: found.document?.line ?? null,
    newDocument: newLine ?? null,
  };
}
