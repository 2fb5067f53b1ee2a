import type { ModelIssue } from "@ctb-data/models";
import type { CollectionSchema } from "./collection-schema.ts";
import { compareDocumentPaths } from "./compare-document-paths.ts";
import type { Finding } from "./validation.ts";

/** Documents with names of fields like ids would make one finding each. */
const maxFindings = 500;

interface OpenFinding {
  readonly field: string;
  readonly kind: Finding["kind"];
  readonly message: string;
  documents: number;
  readonly examples: string[];
}

/** Collects what is wrong with the documents of one collection: not each of them, but each kind of fault. */
export class Findings {
  readonly #schema: CollectionSchema;
  readonly #examples: number;
  readonly #found = new Map<string, OpenFinding>();

  constructor(schema: CollectionSchema, examples: number) {
    this.#schema = schema;
    this.#examples = examples;
  }

  add(path: string, issues: readonly ModelIssue[]): void {
    const places = new Set<string>();
    for (const issue of issues) {
      const finding = this.#findingOf(issue);
      // Ten items of one list are one fault of one document.
      const key = `${finding.field}\n${finding.message}`;
      if (places.has(key)) continue;
      places.add(key);
      finding.documents += 1;
      this.#addExample(finding.examples, path);
    }
  }

  /** Keeps the first ones in the order of names, also of documents that come in any order. */
  #addExample(examples: string[], path: string): void {
    const last = examples.at(-1);
    const isFull = examples.length >= this.#examples;
    if (isFull && (last === undefined || compareDocumentPaths(path, last) >= 0)) return;
    const place = examples.findIndex((other) => compareDocumentPaths(path, other) < 0);
    examples.splice(place === -1 ? examples.length : place, 0, path);
    if (examples.length > this.#examples) examples.pop();
  }

  /** The most frequent first. */
  list(): readonly Finding[] {
    return [...this.#found.values()].toSorted((a, b) => b.documents - a.documents);
  }

  /** What an issue is called. */
  nameOf({ path, message }: ModelIssue): Pick<Finding, "field" | "kind" | "message"> {
    return { field: fieldOf(path), kind: this.#kindOf(path, message), message };
  }

  #findingOf(issue: ModelIssue): OpenFinding {
    const key = `${fieldOf(issue.path)}\n${issue.message}`;
    const known =
      this.#found.get(key) ?? (this.#found.size >= maxFindings ? this.#others() : undefined);
    if (known !== undefined) return known;
    const finding = { ...this.nameOf(issue), documents: 0, examples: [] };
    this.#found.set(key, finding);
    return finding;
  }

  #others(): OpenFinding {
    const known = this.#found.get("");
    if (known !== undefined) return known;
    const message = `has other faults: only ${maxFindings} kinds are told apart`;
    const finding: OpenFinding = {
      field: "",
      kind: "wrong value",
      message,
      documents: 0,
      examples: [],
    };
    this.#found.set("", finding);
    return finding;
  }

  #kindOf([first]: ModelIssue["path"], message: string): Finding["kind"] {
    if (message === "is missing") return "missing";
    const isKnown =
      typeof first !== "string" ||
      this.#schema.fields.has(first) ||
      this.#schema.table?.columns.has(first) === true;
    return isKnown ? "wrong value" : "unknown field";
  }
}

/** `config.steps[].name`: every index of a list is one place. */
function fieldOf(path: ModelIssue["path"]): string {
  return path
    .map((part, index) =>
      typeof part === "number" ? "[]" : `${index > 0 ? "." : ""}${String(part)}`,
    )
    .join("");
}
