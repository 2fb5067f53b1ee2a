import { compareDocumentPaths } from "@ctb-data/firestore";
import type { Example, Finding, FixStrategy } from "../finding.ts";
import type { DocumentStores } from "./document-stores.ts";
import type { DocumentProblem, DocumentSubject } from "./document-subject.ts";
import { documentAdvice, planDocumentFix } from "./plan-document-fix.ts";
import type { FoundCase } from "./scan-documents.ts";
import { scanDocuments, type DocumentScanOptions } from "./scan-documents.ts";

export interface DocumentCheckOptions extends Omit<DocumentScanOptions, "onCases"> {
  /** Whose statements the findings carry. Default `quarantine`. */
  readonly strategy?: FixStrategy | undefined;
}

export interface DocumentReport {
  /** The moment of the documents, in UTC to the microsecond. */
  readonly readTime: string;
  readonly documents: number;
  readonly findings: readonly Finding[];
  readonly notChecked: readonly string[];
}

/** How many examples a finding has, and how many kinds of invalid documents are told apart. */
const mostExamples = 5;

/**
 * Holds documents against their models, against the rows of the same keys, and against what they refer to. Both are read once, side
 * by side, in the order of their names; nothing is kept of them but counts and examples.
 *
 * Documents are those of one moment, and rows those of their snapshot, which was taken before. What is wrong between a document and
 * its row is reported when it was so then, and again at least `settleMs` later, when both were there together: the document was the
 * same before and after the row was read. What refers to a row that is not there is reported when the row was there neither in the
 * snapshot nor later. So what is written to one store and then to the other while the check runs is not reported; what is changed
 * each time that it is looked at is counted in `notChecked`.
 *
 * A reference from a row to a row whose document is not there is told of that row: `row_without_document`. Likewise one from a document
 * to a document whose row is not there: `document_without_row`.
 *
 * @throws {FirestoreError} @throws {PostgresError} @throws {IntegrityError} CANCELLED
 */
export async function checkDocuments(
  stores: DocumentStores,
  options: DocumentCheckOptions = {},
): Promise<DocumentReport> {
  const found = new FoundProblems();
  const summary = await scanDocuments(stores, {
    ...options,
    onCases: (cases) => {
      for (const each of cases) found.add(each, stores);
    },
  });
  const unknown = summary.unknownCollections.map(unknownCollection);
  const { documents, notChecked, readTime } = summary;
  const { registry, rows } = stores;
  const { strategy = "quarantine" } = options;
  const findings = found.findings().map((finding): Finding => {
    const fix = planDocumentFix(finding, { strategy, registry, hasPostgres: rows !== undefined });
    const advice = fix === undefined ? documentAdvice(finding) : undefined;
    return { ...finding, ...(fix && { fix }), ...(advice !== undefined && { advice }) };
  });
  return {
    readTime: textOfTime(readTime),
    documents,
    findings: [...findings, ...unknown],
    notChecked,
  };
}

interface OpenFinding {
  readonly subject: DocumentSubject;
  count: number;
  readonly examples: { readonly path: string; readonly example: Example }[];
}

class FoundProblems {
  readonly #found = new Map<string, OpenFinding>();

  add(found: FoundCase, { registry }: DocumentStores): void {
    const seen = new Set<string>();
    for (const problem of found.problems) {
      const { subject } = problem;
      // Several items of one list are one fault of one document.
      if (seen.has(subject.id)) continue;
      seen.add(subject.id);
      const open = this.#found.get(subject.id) ?? { subject, count: 0, examples: [] };
      this.#found.set(subject.id, open);
      open.count += 1;
      const idColumn = registry.tables.get(subject.table ?? "")?.firestore?.idColumn ?? "id";
      keepFirst(open.examples, { path: found.path, example: exampleOf(found, problem, idColumn) });
    }
  }

  findings(): readonly Finding[] {
    return [...this.#found.values()].map(({ subject, count, examples }) =>
      findingOf(
        subject,
        count,
        examples.map(({ example }) => example),
      ),
    );
  }
}

/** Ranges are read side by side: the first ones are those of the order of names. */
function keepFirst(
  examples: { readonly path: string; readonly example: Example }[],
  next: { readonly path: string; readonly example: Example },
): void {
  const last = examples.at(-1);
  if (
    examples.length >= mostExamples &&
    last !== undefined &&
    compareDocumentPaths(next.path, last.path) >= 0
  )
    return;
  const place = examples.findIndex(({ path }) => compareDocumentPaths(next.path, path) < 0);
  examples.splice(place === -1 ? examples.length : place, 0, next);
  if (examples.length > mostExamples) examples.pop();
}

function exampleOf(found: FoundCase, problem: DocumentProblem, idColumn: string): Example {
  const { values, detail, subject } = problem;
  const key =
    subject.kind === "row_without_document" ? { [idColumn]: found.id } : { path: found.path };
  return { key, ...(values !== undefined && { values }), ...(detail !== undefined && { detail }) };
}

function findingOf(subject: DocumentSubject, count: number, examples: readonly Example[]): Finding {
  const { id, kind, severity, collection, table, columns, field, message } = subject;
  return {
    id,
    kind,
    severity,
    store: kind === "row_without_document" ? "postgres" : "firestore",
    collection,
    ...(table !== undefined && { table }),
    ...(columns !== undefined && { columns }),
    ...(field !== undefined && { field }),
    message: message(count),
    count,
    examples,
  };
}

function unknownCollection(collection: string): Finding {
  return {
    id: `drift:collection:${collection}`,
    kind: "drift",
    severity: "note",
    store: "firestore",
    collection,
    message: `The collection ${collection} is not in the registry; its documents were not looked at.`,
    count: 1,
    examples: [],
    advice: "Describe it under collections: in the registry, or leave it to whoever writes it.",
  };
}

function textOfTime({
  seconds,
  nanoseconds,
}: {
  readonly seconds: number;
  readonly nanoseconds: number;
}): string {
  const micros = String(Math.floor(nanoseconds / 1000)).padStart(6, "0");
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${micros}Z`;
}
