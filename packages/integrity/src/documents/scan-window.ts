import type { CollectionJudge } from "./collection-judge.ts";
import type { DocumentCase, ScannedDocument } from "./document-case.ts";
import type { ScannedRow } from "./row-source.ts";

/** What is looked at together: memory holds no more of a collection than this. */
const mostCases = 500;
const mostBytes = 8 * 1024 * 1024;

/** Some neighbouring documents and rows, paired by their keys. */
export class ScanWindow {
  readonly #judge: CollectionJudge;
  readonly #cases: DocumentCase[] = [];
  #sizeBytes = 0;

  constructor(judge: CollectionJudge) {
    this.#judge = judge;
  }

  get isFull(): boolean {
    return this.#cases.length >= mostCases || this.#sizeBytes >= mostBytes;
  }

  get cases(): readonly DocumentCase[] {
    return this.#cases;
  }

  get documents(): readonly ScannedDocument[] {
    return this.#cases.flatMap(({ document }) => document ?? []);
  }

  /** @param isPaired false for a document of a collection below another document: those have no rows. */
  addDocument(document: ScannedDocument, row: ScannedRow | undefined, isPaired: boolean): void {
    const { path, id, line } = document;
    const own = this.#judge.ownProblems(document);
    const problems = isPaired
      ? [
          ...own.filter((problem) => !this.#judge.isOfKey(problem, document)),
          ...this.#judge.pairProblems(document, row),
        ]
      : own;
    this.#sizeBytes += line.length;
    this.#cases.push({ path, id, document, row, problems });
  }

  addRow(row: ScannedRow): void {
    const { id } = row;
    const problems = this.#judge.pairProblems(undefined, row);
    this.#cases.push({ path: this.#judge.pathOf(id), id, document: undefined, row, problems });
  }
}
