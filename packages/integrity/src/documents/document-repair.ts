import type { Firestore } from "@ctb-data/firestore";
import type { Registry } from "@ctb-data/registry";
import type { FixStrategy } from "../finding.ts";
import { changedLine, fieldOfLine, type LineChange } from "./document-line.ts";
import type { DocumentProblem } from "./document-subject.ts";
import { emptiesTo, tableOf } from "./may-be-empty.ts";
import { RowDocuments } from "./row-document.ts";
import type { FoundCase } from "./scan-documents.ts";

/** What is to be done with one document. */
export interface PlannedRepair {
  readonly found: FoundCase;
  /** The finding that it is done for: the first one, where it is done for several. */
  readonly problems: readonly DocumentProblem[];
  readonly action: "moved" | "deleted" | "changed" | "created";
  /** Undefined when there is to be no document. */
  readonly newLine: string | undefined;
}

/** Why nothing is done. */
export interface SkippedRepair {
  readonly found: FoundCase;
  readonly problems: readonly DocumentProblem[];
  /** Full sentence, without any value. */
  readonly reason: string;
}

/** Decides what is done with the documents of one collection. */
export class DocumentRepairs {
  readonly #registry: Registry;
  readonly #collection: string;
  readonly #strategy: FixStrategy;
  readonly #rows: RowDocuments | undefined;

  constructor(firestore: Firestore, collection: string, strategy: FixStrategy) {
    this.#registry = firestore.registry;
    this.#collection = collection;
    this.#strategy = strategy;
    const table = tableOf(firestore.registry, collection);
    this.#rows = table?.firestore && new RowDocuments(table, table.firestore, firestore);
  }

  /** @param problems those of the document that are to be fixed. */
  plan(found: FoundCase, problems: readonly DocumentProblem[]): PlannedRepair | SkippedRepair {
    const skip = (reason: string): SkippedRepair => ({ found, problems, reason });
    if (found.isChanged) return skip("The document was changed while it was looked at.");
    if (found.document === undefined) return this.#create(found, problems);
    // What the row says settles what else is wrong with the field.
    const fields = new Set(
      problems.flatMap(({ subject }) =>
        subject.kind === "different_field" ? [subject.field] : [],
      ),
    );
    const open = problems.filter(({ subject, places = [] }) => {
      const isField = subject.kind === "invalid_document" || subject.kind === "dangling_document";
      return (
        !isField || places.length === 0 || !places.every(([field]) => fields.has(String(field)))
      );
    });
    const changes: LineChange[] = [];
    for (const problem of open) {
      const change = this.#changesOf(problem, found);
      if (change === "goes") return this.#removal(found, problems);
      if ("fault" in change) return skip(change.fault);
      changes.push(...change.changes);
    }
    const newLine = changedLine(found.document.line, changes);
    return { found, problems, action: "changed", newLine };
  }

  /** The document goes. One that has a row is there again as the row says, unless that would lead nowhere, too. */
  #removal(found: FoundCase, problems: readonly DocumentProblem[]): PlannedRepair {
    const action = this.#strategy === "delete" ? "deleted" : "moved";
    const { row, document } = found;
    const made = row && this.#rows?.lineOf(row);
    if (made === undefined || document === undefined || "fault" in made)
      return { found, problems, action, newLine: undefined };
    const remains = problems.some(
      ({ subject, places = [] }) =>
        subject.kind === "dangling_document" &&
        places.every(([field]) => isSameField(made.line, document.line, String(field))),
    );
    return { found, problems, action, newLine: remains ? undefined : made.line };
  }

  #create(found: FoundCase, problems: readonly DocumentProblem[]): PlannedRepair | SkippedRepair {
    if (found.row === undefined || this.#rows === undefined)
      return { found, problems, reason: "The row is gone." };
    const made = this.#rows.lineOf(found.row);
    if ("fault" in made) return { found, problems, reason: made.fault };
    return { found, problems, action: "created", newLine: made.line };
  }

  #changesOf(
    { subject, places = [] }: DocumentProblem,
    { row }: FoundCase,
  ): "goes" | { readonly fault: string } | { readonly changes: readonly LineChange[] } {
    if (subject.kind === "different_field") {
      const { field = "" } = subject;
      if (row === undefined || this.#rows === undefined) return { fault: "The row is gone." };
      const written = this.#rows.fieldOf(row, field);
      return "fault" in written ? written : { changes: [{ place: [field], value: written.value }] };
    }
    if (subject.kind !== "dangling_document" || this.#strategy !== "set-null") return "goes";
    const emptied = places.map((place) => this.#emptied(place));
    const changes = emptied.filter((change) => change !== undefined);
    // Of a reference of several fields, one that is empty ends it.
    return changes.length === 0 || (places.length > changes.length && !isComposite(places))
      ? "goes"
      : { changes };
  }

  /** Undefined where the field may be neither null nor missing. */
  #emptied(place: readonly (string | number)[]): LineChange | undefined {
    const [name = "", ...below] = place;
    const empty = { place, value: { nullValue: null } };
    if (below.length > 0) return empty;
    const empties = emptiesTo(this.#registry, this.#collection, String(name));
    if (empties === undefined) return undefined;
    return empties === "null" ? empty : { place, value: undefined };
  }
}

function isSameField(a: string, b: string, field: string): boolean {
  return JSON.stringify(fieldOfLine(a, field)) === JSON.stringify(fieldOfLine(b, field));
}

/** Whether the places are several fields of one key, and not several items of one field. */
function isComposite(places: readonly (readonly (string | number)[])[]): boolean {
  return places.length > 1 && places.every(({ length }) => length === 1);
}
