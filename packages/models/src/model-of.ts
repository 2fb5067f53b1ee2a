import type { Registry } from "@ctb-data/registry";
import { z } from "zod";
import { inputOf } from "./column-input.ts";
import { DocumentModel, noDocuments } from "./document-model.ts";
import { neutralDocumentTypes } from "./document-types.ts";
import { IssueList, zodIssues } from "./issue-list.ts";
import { jsonFromText, jsonNull, setOwn, type Json, type JsonObject } from "./json.ts";
import {
  columnPlansOf,
  isSource,
  readProperty,
  type ColumnPlan,
  type Source,
} from "./model-column.ts";
import { ModelError, type ModelErrorCode } from "./model-error.ts";
import type { ModelTable } from "./model-table.ts";
import type { ModelValue } from "./model-value.ts";
import type {
  AnyValue,
  DocumentWithId,
  FromDocumentOptions,
  Model,
  ModelOptions,
} from "./model.ts";
import { nearestName } from "./nearest-name.ts";
import { nameOfValue, ValueProblem } from "./value-problem.ts";

/** The model of every table, by its name. @throws {ModelError} as {@link modelOf}. */
export function modelsOf(
  registry: Pick<Registry, "tables">,
  options: ModelOptions = {},
): ReadonlyMap<string, Model> {
  return new Map([...registry.tables].map(([name, table]) => [name, modelOf(table, options)]));
}

/**
 * The model of a table.
 *
 * @throws {ModelError} UNMAPPABLE_FIELD when the registry maps a column to a document field that cannot hold it
 */
export function modelOf(table: ModelTable, options: ModelOptions = {}): Model {
  const codec = new TableCodec(table, options);
  return {
    table,
    shape: shapeOf(codec.plans),
    input: z.custom<Source>().transform((input, ctx) => attempt(() => codec.parse(input), ctx)),
    row: z.codec(z.custom<Source>(), z.custom<AnyValue>(), {
      decode: (row, ctx) => attempt(() => codec.fromRow(row), ctx),
      encode: (value, ctx) => attempt(() => codec.toRow(value), ctx),
    }),
    document: z.codec(z.custom<DocumentWithId<Source>>(), z.custom<AnyValue>(), {
      decode: ({ id, data }, ctx) => attempt(() => codec.fromDocument(id, data), ctx),
      encode: (value, ctx) => attempt(() => codec.toDocument(value), ctx),
    }),
    parse: (input) => codec.parse(input),
    fromRow: (row) => codec.fromRow(row),
    toRow: (value) => codec.toRow(value),
    fromDocument: (id, data, more) => codec.fromDocument(id, data, more),
    toDocument: (value, ownFields) => codec.toDocument(value, ownFields),
    ownFields: (data) => codec.ownFields(data),
    toJson: (value) => codec.toJson(value),
    fromJson: (json) => codec.fromJson(json),
    lookup: (column, value) => codec.lookup(column, value),
  };
}

/** Runs a codec inside of zod: what it throws becomes zod's issues. */
function attempt<Result>(run: () => Result, payload: z.core.ParsePayload): Result {
  try {
    return run();
  } catch (error) {
    for (const { path, code, message } of zodIssues(error)) {
      payload.issues.push({
        code: "custom",
        path: [...path],
        message,
        input: payload.value,
        ...(code !== undefined && { params: { code } }),
      });
    }
    return z.NEVER;
  }
}

function shapeOf(plans: readonly ColumnPlan[]): Model["shape"] {
  const shape: Record<string, z.ZodType<ModelValue | undefined>> = {};
  for (const plan of plans) setOwn(shape, plan.name, columnSchema(plan));
  return shape;
}

function columnSchema({
  column,
  required,
  readInput,
}: ColumnPlan): z.ZodType<ModelValue | undefined> {
  const schema = z.unknown().transform((value, ctx) => {
    try {
      if (value === null && !column.nullable) throw new ValueProblem("missing", "must not be null");
      return value === null ? null : readInput(value);
    } catch (error) {
      if (!(error instanceof ValueProblem)) throw error;
      ctx.issues.push({
        code: "custom",
        path: [...error.path],
        message: error.message,
        input: value,
        params: { code: error.code },
      });
      return z.NEVER;
    }
  });
  return required ? schema : schema.optional();
}

/** What was looked at, and what the error of it is. */
interface Subject {
  readonly code: ModelErrorCode;
  readonly subject: string;
}

const input: Subject = { code: "INVALID_INPUT", subject: "input" };
const row: Subject = { code: "INVALID_ROW", subject: "row" };
const value: Subject = { code: "INVALID_VALUE", subject: "value" };
const jsonText: Subject = { code: "INVALID_JSON", subject: "JSON" };

/** The codecs of one table. */
class TableCodec {
  readonly #table: ModelTable;
  readonly plans: readonly ColumnPlan[];
  readonly #names: ReadonlySet<string>;
  readonly #documents: DocumentModel | undefined;

  constructor(table: ModelTable, { keyring, documentTypes = neutralDocumentTypes }: ModelOptions) {
    this.#table = table;
    this.plans = columnPlansOf(table, keyring);
    this.#names = new Set(this.plans.map(({ name }) => name));
    this.#documents = table.firestore && new DocumentModel(table, this.plans, documentTypes);
  }

  #source(given: unknown, subject: Subject): Source {
    if (isSource(given)) return given;
    const issues = new IssueList();
    issues.add(undefined, {
      code: "wrong_type",
      message: `must be an object, not ${nameOfValue(given)}`,
    });
    throw this.#errorOf(issues, subject);
  }

  #errorOf(issues: IssueList, subject: Subject): unknown {
    try {
      issues.throwIfAny({ ...subject, table: this.#table.name });
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Every column that `source` has, read; all problems at once. */
  #readAll(
    source: Source,
    subject: Subject,
    read: (plan: ColumnPlan, part: unknown) => ModelValue,
  ): AnyValue {
    const result: Record<string, ModelValue> = {};
    let issues: IssueList | undefined;
    for (const plan of this.plans) {
      const part = readProperty(source, plan.name);
      try {
        if (part === undefined) {
          if (plan.required) throw new ValueProblem("missing", "is missing");
        } else if (part === null) {
          if (!plan.column.nullable) throw new ValueProblem("missing", "must not be null");
          setOwn(result, plan.name, null);
        } else setOwn(result, plan.name, read(plan, part));
      } catch (error) {
        issues ??= new IssueList();
        issues.addError(plan.name, error);
      }
    }
    if (subject !== row) issues = this.#refuseUnknown(source, issues);
    if (issues !== undefined) throw this.#errorOf(issues, subject);
    return result;
  }

  #refuseUnknown(source: Source, issues: IssueList | undefined): IssueList | undefined {
    let all = issues;
    for (const name of Object.keys(source)) {
      if (this.#names.has(name)) continue;
      const nearest = nearestName(name, this.#names);
      all ??= new IssueList();
      all.add(name, {
        code: "unknown_field",
        message: `is no column of it${nearest === undefined ? "" : `, did you mean ${nearest}?`}`,
      });
    }
    return all;
  }

  parse(given: unknown): AnyValue {
    return this.#readAll(this.#source(given, input), input, (plan, part) => plan.readInput(part));
  }

  fromRow(given: unknown): AnyValue {
    return this.#readAll(this.#source(given, row), row, (plan, part) => plan.readRow(part));
  }

  /** Every property of a value, written; all problems at once. */
  #writeAll<Part>(
    source: Source,
    write: (plan: ColumnPlan, part: unknown) => Part,
  ): Record<string, Part | null> {
    const result: Record<string, Part | null> = {};
    const issues = new IssueList();
    for (const plan of this.plans) {
      const part = readProperty(source, plan.name);
      if (part === undefined) continue;
      try {
        setOwn(result, plan.name, part === null ? null : write(plan, part));
      } catch (error) {
        issues.addError(plan.name, error);
      }
    }
    if (!issues.isEmpty) throw this.#errorOf(issues, value);
    return result;
  }

  toRow(given: unknown): Source {
    const source = this.#source(given, value);
    const result = this.#writeAll(source, ({ writeRow }, part) =>
      writeRow === undefined ? part : writeRow(part),
    );
    for (const plan of this.plans) this.#addBlindIndex(plan, source, result);
    return result;
  }

  #addBlindIndex(
    { name, cipher, encode, column }: ColumnPlan,
    source: Source,
    result: Record<string, unknown>,
  ): void {
    const blindIndex = column.encryption?.blindIndex;
    const part = readProperty(source, name);
    if (cipher === undefined || blindIndex === undefined || part === undefined) return;
    setOwn(
      result,
      blindIndex.column,
      part === null ? null : cipher().blindIndex(encode(part), blindIndex),
    );
  }

  lookup(
    name: string,
    given: unknown,
  ): { readonly column: string; readonly values: readonly string[] } {
    const plan = this.plans.find((candidate) => candidate.name === name);
    const blindIndex = plan?.column.encryption?.blindIndex;
    if (plan?.cipher === undefined || blindIndex === undefined) {
      throw new ModelError({
        code: "NO_BLIND_INDEX",
        message: `The column ${this.#table.name}.${name} has no blind index, so it cannot be looked up by value.`,
        hint: "Give it one in the registry; a column that is not encrypted is looked up as it is.",
        table: this.#table.name,
        column: name,
      });
    }
    try {
      // Not the registry's rules: a look-up may have spaces around it that the normalization removes.
      const text = plan.encode(inputOf({ type: plan.column.type })(given));
      return { column: blindIndex.column, values: plan.cipher().blindIndexes(text, blindIndex) };
    } catch (error) {
      const issues = new IssueList();
      issues.addError(name, error);
      throw this.#errorOf(issues, input);
    }
  }

  fromDocument(id: string | undefined, data: object, options: FromDocumentOptions = {}): AnyValue {
    const documents = this.#documents ?? noDocuments(this.#table.name);
    if (documents instanceof ModelError) throw documents;
    return documents.read(
      id,
      this.#source(data, { code: "INVALID_DOCUMENT", subject: "document" }),
      options,
    );
  }

  toDocument(given: unknown, ownFields: object = {}): DocumentWithId<Source> {
    const documents = this.#documents ?? noDocuments(this.#table.name);
    if (documents instanceof ModelError) throw documents;
    return documents.write(this.#source(given, value), this.#source(ownFields, value));
  }

  ownFields(data: object): Source {
    const documents = this.#documents ?? noDocuments(this.#table.name);
    if (documents instanceof ModelError) throw documents;
    return documents.ownFields(
      this.#source(data, { code: "INVALID_DOCUMENT", subject: "document" }),
    );
  }

  toJson(given: unknown): JsonObject {
    return this.#writeAll<Json>(this.#source(given, value), (plan, part) => plan.json.write(part));
  }

  fromJson(given: unknown): AnyValue {
    const data = typeof given === "string" ? this.#parseJson(given) : given;
    return this.#readAll(this.#source(data, jsonText), jsonText, (plan, part) =>
      plan.json.read(part),
    );
  }

  #parseJson(text: string): Json {
    try {
      const data = jsonFromText(text);
      return data === jsonNull ? null : data;
    } catch (error) {
      const issues = new IssueList();
      const message = error instanceof ValueProblem ? error.message : "cannot be read";
      issues.add(undefined, { code: "wrong_format", message });
      throw this.#errorOf(issues, jsonText);
    }
  }
}
