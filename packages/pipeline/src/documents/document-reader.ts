import { nearestName, type AnyValue, type ModelValue } from "@ctb-data/models";
import type { FieldFailure } from "../failure.ts";
import { contentHashOf, FieldDivider, type FieldPart } from "./document-content.ts";
import type { FieldReader } from "./field-reader.ts";
import { markFields, type IntakeDocument, type RowReference } from "./intake-document.ts";
import { intakeFailuresOf, marksOf } from "./intake-marks.ts";
import { isObject, type RawFields } from "./raw-fields.ts";
import type { ReferenceReader } from "./row-references.ts";

export interface DocumentReaderOptions {
  readonly table: string;
  /** By the names of columns that documents can have. */
  readonly fields: ReadonlyMap<string, FieldReader>;
  readonly references: ReadonlyMap<string, ReferenceReader>;
}

const markNames: ReadonlySet<string> = new Set(markFields);
const noFields: RawFields = {};

/** What is gathered of one document. */
interface Gathered {
  readonly row: Record<string, ModelValue>;
  readonly references: RowReference[];
  readonly failures: FieldFailure[];
}

/** Judges the documents of one intake collection. */
export class DocumentReader {
  readonly #options: DocumentReaderOptions;
  readonly #required: readonly string[];
  readonly #divider: FieldDivider;

  constructor(options: DocumentReaderOptions) {
    this.#options = options;
    const required = [...options.fields.values()].filter(({ isRequired }) => isRequired);
    this.#required = required.map(({ column }) => column.name);
    const firstLetters = [...markFields, "_"].map((name) => name.slice(0, 1));
    this.#divider = new FieldDivider((name) => this.#partOf(name), firstLetters);
  }

  #partOf(name: string): FieldPart {
    if (markNames.has(name)) return "mark";
    return name.startsWith("_") && !this.#options.fields.has(name) ? "own" : "content";
  }

  read(path: string, line: Uint8Array | string, updateTimeUs: number): IntakeDocument {
    const bytes =
      typeof line === "string"
        ? Buffer.from(line)
        : Buffer.from(line.buffer, line.byteOffset, line.byteLength);
    const { content, marks } = this.#divider.divide(bytes);
    const found = marks === undefined ? noFields : parse(marks);
    const { row, references, failures } = this.#gather(parse(content), found);
    return {
      id: path.slice(path.lastIndexOf("/") + 1),
      path,
      updateTimeUs,
      contentHash: contentHashOf(content),
      marks: marksOf(found),
      row: failures.length > 0 ? undefined : row,
      references,
      failures,
    };
  }

  #gather(fields: RawFields, found: RawFields): Gathered & { readonly row: AnyValue } {
    // Without a prototype any name can be a column's: `row["constructor"]` is one, or nothing.
    const gathered: Gathered = { row: { __proto__: null }, references: [], failures: [] };
    const known = intakeFailuresOf(found, fields);
    for (const name of Object.keys(fields)) {
      const reader = this.#options.fields.get(name);
      const failed = reader && known?.get(name);
      if (failed !== undefined) gathered.failures.push(...failed);
      else if (reader !== undefined) this.#readField(reader, fields[name], gathered);
      else gathered.failures.push(this.#unknownField(name));
    }
    for (const name of this.#required) {
      if (Object.hasOwn(fields, name) || known?.has(name) === true) continue;
      const message = `${name} is missing.`;
      gathered.failures.push({ field: name, code: "missing", message });
    }
    if (known !== undefined) this.#addAbsent(fields, known, gathered);
    return gathered;
  }

  /** What failed and is not in the document at all: values of encrypted columns are not written down. */
  #addAbsent(
    fields: RawFields,
    known: ReadonlyMap<string, readonly FieldFailure[]>,
    { failures }: Gathered,
  ): void {
    for (const [name, failed] of known)
      if (!Object.hasOwn(fields, name) && this.#options.fields.has(name)) failures.push(...failed);
  }

  #readField(reader: FieldReader, raw: unknown, gathered: Gathered): void {
    const { name } = reader.column;
    const referred = this.#options.references.get(name)?.read(raw);
    if (referred?.failures !== undefined) gathered.failures.push(...referred.failures);
    else if (referred !== undefined) gathered.references.push(referred.reference);
    else {
      const read = reader.read(raw);
      if (read.failures === undefined) gathered.row[name] = read.value;
      else gathered.failures.push(...read.failures);
    }
  }

  #unknownField(name: string): FieldFailure {
    const { table, fields } = this.#options;
    const nearest = nearestName(name, fields.keys());
    const question = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
    const message = `${name} is no column of ${table} that documents have.${question}`;
    return { field: name, code: "unknown_field", message };
  }
}

function parse(bytes: Buffer): RawFields {
  const fields: unknown = JSON.parse(bytes.toString("utf8"));
  return isObject(fields) ? fields : noFields;
}
