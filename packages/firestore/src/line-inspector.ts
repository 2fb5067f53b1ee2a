import type { ModelIssue } from "@ctb-data/models";
import type { CollectionSchema } from "./collection-schema.ts";
import type { DocumentInspector, InspectedDocument } from "./document-inspector.ts";
import { Findings } from "./findings.ts";
import type { FirestoreContext } from "./firestore-context.ts";
import { DocumentValues } from "./raw/document-values.ts";
import type { Finding } from "./validation.ts";

/** @internal */
export class LineInspector implements DocumentInspector {
  readonly #schema: CollectionSchema;
  readonly #values: DocumentValues;
  readonly #findings: Findings;

  constructor(context: FirestoreContext, collection: string, examples: number) {
    this.#schema = context.schema(collection);
    this.#values = new DocumentValues(context.types);
    this.#findings = new Findings(this.#schema, examples);
  }

  get collection(): string {
    return this.#schema.id;
  }

  get locked(): boolean {
    return this.#schema.locked;
  }

  inspect(path: string, line: Uint8Array | string): InspectedDocument {
    const data = this.#values.fields(line, path);
    const id = path.slice(path.lastIndexOf("/") + 1);
    const { value, issues } = this.#schema.read(id, data);
    return { id, path, data, value, issues };
  }

  add(path: string, issues: readonly ModelIssue[]): void {
    this.#findings.add(path, issues);
  }

  findingOf(issue: ModelIssue): Pick<Finding, "field" | "kind" | "message"> {
    return this.#findings.nameOf(issue);
  }

  findings(): readonly Finding[] {
    return this.#findings.list();
  }
}
