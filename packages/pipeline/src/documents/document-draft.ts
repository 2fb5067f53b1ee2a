import { FirestoreError } from "@ctb-data/firestore";
import { modelOf, type Json } from "@ctb-data/models";
import type { FieldFailure } from "../failure.ts";
import type { MappedValue } from "../mapping/mapped-record.ts";
import { failuresOf } from "./field-failures.ts";
import { noId } from "./field-model.ts";
import type { FieldReader } from "./field-reader.ts";
import type { ReferenceReader } from "./row-references.ts";

/** A failure that is written into the document. */
export interface FailedValue extends FieldFailure {
  /** Whether the field holds what the vendor sent. */
  readonly isKept: boolean;
}

interface DraftOptions {
  readonly table: string;
  readonly fields: ReadonlyMap<string, FieldReader>;
  readonly references: ReadonlyMap<string, ReferenceReader>;
}

/** Holds any JSON data in a field, without loss. */
const anyJson = modelOf({
  name: "records",
  columns: new Map([
    [noId, { name: noId, type: { name: "text", kind: "text", dimensions: 0 }, nullable: true }],
    ["data", { name: "data", type: { name: "json", kind: "json", dimensions: 0 }, nullable: true }],
  ]),
  firestore: {
    collection: "records",
    idColumn: noId,
    fields: new Map([["data", { name: "data", column: "data", type: "any" }]]),
  },
});

/** The fields of a document that is being made of a mapped record. */
export class DocumentDraft {
  /** For `raw.lineOf`. */
  readonly data: Record<string, unknown> = {};
  readonly failed: FailedValue[] = [];
  /** Of values that no document can hold: they are left out. */
  readonly failures: FieldFailure[] = [];
  readonly #options: DraftOptions;

  constructor(options: DraftOptions) {
    this.#options = options;
  }

  add(column: string, mapped: MappedValue): void {
    const reader = this.#options.fields.get(column);
    if (reader === undefined) {
      const message = `${column} is no column of ${this.#options.table} that documents can have.`;
      this.failures.push({ field: column, code: "unknown_field", message });
      return;
    }
    if (mapped.kind === "raw") {
      this.#addRaw(reader, mapped);
      return;
    }
    try {
      this.data[column] =
        mapped.kind === "value" ? reader.write(mapped.value) : this.#lookup(column, mapped);
    } catch (error) {
      this.failures.push(...failuresOf(column, error));
    }
  }

  #lookup(
    column: string,
    mapped: Extract<MappedValue, { readonly kind: "lookup" }>,
  ): Readonly<Record<string, unknown>> {
    const other = this.#options.references.get(column)?.lookupOf(mapped.column);
    if (other === undefined)
      throw new TypeError(`${column} cannot be looked up by ${mapped.column}.`);
    return { [mapped.column]: other.write(mapped.value) };
  }

  #addRaw(reader: FieldReader, mapped: Extract<MappedValue, { readonly kind: "raw" }>): void {
    const { name, encryption } = reader.column;
    const isKept = encryption === undefined;
    if (isKept) this.data[name] = documentValueOf(mapped.value);
    for (const { code, message } of mapped.failures)
      this.failed.push({ field: name, code, isKept, message: isKept ? message : unkept(name) });
  }

  /** Takes out what Firestore would not keep as it is. False for any other error. */
  drop(error: unknown): boolean {
    if (!(error instanceof FirestoreError) || error.code !== "INVALID_VALUE") return false;
    const names = new Set((error.issues ?? []).map(({ path: [name] }) => String(name)));
    let isDropped = false;
    for (const name of names) {
      if (!Object.hasOwn(this.data, name)) continue;
      delete this.data[name];
      isDropped = true;
      const issue = error.issues?.find(({ path }) => path[0] === name);
      const message = `${name} ${issue?.message ?? "cannot be kept"}.`;
      this.failures.push({ field: name, code: "wrong_format", message });
    }
    return isDropped;
  }
}

/** Nothing of what was sent: a message could show it. */
function unkept(column: string): string {
  return `The value of ${column} cannot be used. The column is encrypted, and so nothing of it was kept: send it again, or write its ciphertext.`;
}

function documentValueOf(value: Json): unknown {
  return value === null ? null : anyJson.toDocument({ [noId]: "-", data: value })["data"]["data"];
}
