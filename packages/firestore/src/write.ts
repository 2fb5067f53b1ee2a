import type { ModelIssue } from "@ctb-data/models";
import type {
  DocumentData,
  DocumentReference,
  FieldPath as SdkFieldPath,
  Precondition,
  SetOptions,
} from "firebase-admin/firestore";
import { changeIssue, withoutChanges } from "./check-change.ts";
import { toFirestoreError } from "./classify-error.ts";
import type { CollectionBinding } from "./collection-binding.ts";
import { deleteField, isFieldChange, type AnyFieldChange } from "./field-change.ts";
import { FirestoreError, formatIssues } from "./firestore-error.ts";
import type { WriteCondition } from "./write-condition.ts";
import { isPlain, nameFault } from "./write-values.ts";

/** Takes writes: a batch, a transaction or a bulk writer of the SDK. */
export interface WriteSink {
  create(ref: DocumentReference, data: DocumentData): unknown;
  set(ref: DocumentReference, data: DocumentData, options?: SetOptions): unknown;
  update(ref: DocumentReference, field: SdkFieldPath, value: unknown, ...more: unknown[]): unknown;
  delete(ref: DocumentReference, precondition?: Precondition): unknown;
}

/** A write that was checked and is ready to be sent. */
export interface PreparedWrite {
  readonly path: string;
  /** What it sends. */
  readonly data: unknown;
  readonly apply: (sink: WriteSink) => unknown;
}

/** One field of a partial write. */
interface PreparedField {
  readonly names: readonly string[];
  readonly path: SdkFieldPath;
  readonly value: unknown;
  readonly change: AnyFieldChange | undefined;
}

/** Checks writes to one collection against its model and makes them ready. */
export class WritePreparer {
  readonly #binding: CollectionBinding;

  constructor(binding: CollectionBinding) {
    this.#binding = binding;
  }

  /** @throws {FirestoreError} INVALID_VALUE */
  create(ref: DocumentReference, data: object): PreparedWrite {
    const written = this.#whole(ref, data);
    return { path: ref.path, data: written, apply: (sink) => sink.create(ref, written) };
  }

  /** @throws {FirestoreError} INVALID_VALUE */
  set(ref: DocumentReference, data: object): PreparedWrite {
    const written = this.#whole(ref, data);
    return { path: ref.path, data: written, apply: (sink) => sink.set(ref, written) };
  }

  /** @throws {FirestoreError} INVALID_VALUE */
  update(ref: DocumentReference, changes: object, condition: WriteCondition = {}): PreparedWrite {
    const fields = this.#some(ref, changes);
    const [first, ...others] = fields;
    if (first === undefined)
      throw new FirestoreError("INVALID_VALUE", "An update must change something.", {
        path: ref.path,
      });
    const more: unknown[] = others.flatMap(({ path, value }) => [path, value]);
    const precondition = this.#precondition(condition);
    if (precondition !== undefined) more.push(precondition);
    return {
      path: ref.path,
      data: fields.map(({ value }) => value),
      apply: (sink) => sink.update(ref, first.path, first.value, ...more),
    };
  }

  /** @throws {FirestoreError} INVALID_VALUE */
  merge(ref: DocumentReference, changes: object): PreparedWrite {
    return this.#merged(ref, this.#some(ref, changes));
  }

  delete(
    ref: DocumentReference,
    condition: WriteCondition & { readonly exists?: boolean } = {},
  ): PreparedWrite {
    const precondition =
      this.#precondition(condition) ?? (condition.exists === true ? { exists: true } : undefined);
    return {
      path: ref.path,
      data: undefined,
      apply: (sink) => sink.delete(ref, precondition),
    };
  }

  /**
   * The document of a row. Fields that no column has stay as they are, but for those that are given.
   *
   * @throws {FirestoreError} INVALID_VALUE, NO_KEYRING
   */
  save(
    refOf: (id: string) => DocumentReference,
    row: object,
    {
      ownFields = {},
      replace = false,
    }: { readonly ownFields?: object; readonly replace?: boolean },
  ): PreparedWrite {
    const { schema } = this.#binding;
    if (schema?.table === undefined)
      throw new FirestoreError("UNSUPPORTED", "Only the rows of a table can be saved.", {
        collection: schema?.id,
        hint: "Use set().",
      });
    let made: { readonly id: string; readonly data: object };
    try {
      made = schema.toDocument(row, ownFields);
    } catch (error) {
      throw toFirestoreError(error, { collection: schema.id });
    }
    const ref = refOf(made.id);
    if (replace) return this.set(ref, made.data);
    const missing = [...schema.fields.values()].filter(
      ({ name, column }) => column !== undefined && !Object.hasOwn(made.data, name),
    );
    const all = {
      ...made.data,
      ...Object.fromEntries(missing.map(({ name }) => [name, deleteField()])),
    };
    const optional = new Set(missing.map(({ name }) => name));
    return this.#merged(ref, this.#some(ref, all, optional));
  }

  #merged(ref: DocumentReference, fields: readonly PreparedField[]): PreparedWrite {
    const data: Record<string, unknown> = {};
    for (const { names, value } of fields) setIn(data, names, value);
    const mergeFields = fields.map(({ path }) => path);
    return {
      path: ref.path,
      data,
      apply: (sink) => sink.set(ref, data, { mergeFields }),
    };
  }

  #precondition({ lastUpdateTime: time }: WriteCondition): Precondition | undefined {
    if (time === undefined) return undefined;
    const { Timestamp } = this.#binding.context.sdk;
    return { lastUpdateTime: new Timestamp(time.seconds, time.nanoseconds) };
  }

  #whole(ref: DocumentReference, data: object): DocumentData {
    this.#checkMap(ref, data);
    const { schema, context } = this.#binding;
    const issues: ModelIssue[] = [];
    const written: Record<string, unknown> = {};
    const checked: Record<string, unknown> = {};
    const changed = new Set<string>();
    for (const [name, given] of Object.entries(data)) {
      if (given === undefined) continue;
      const fault = nameFault(name);
      if (fault !== undefined) {
        issues.push({ path: [name], message: `has a name that ${fault}` });
        continue;
      }
      const type = schema?.fields.get(name)?.type;
      const value = context.values.write(given, { path: [name], issues, type });
      written[name] = value;
      if (isFieldChange(given)) {
        changed.add(name);
        if (given.kind === "deleteField")
          issues.push({
            path: [name],
            message: "is deleteField(): leave it out of a whole document",
          });
        else issues.push(...changeIssue(schema, name, given));
      } else checked[name] = withoutChanges(given, value);
    }
    if (schema !== undefined && issues.length === 0) {
      const found = schema.read(ref.id, checked).issues;
      issues.push(...found.filter(({ path: [first] }) => !changed.has(String(first))));
    }
    this.#refuse(ref, issues);
    return written;
  }

  #some(
    ref: DocumentReference,
    changes: object,
    deletable: ReadonlySet<string> = new Set(),
  ): readonly PreparedField[] {
    this.#checkMap(ref, changes);
    const { schema, context } = this.#binding;
    const issues: ModelIssue[] = [];
    const checked: Record<string, unknown> = {};
    const fields: PreparedField[] = [];
    for (const [key, given] of Object.entries(changes)) {
      if (given === undefined) continue;
      const { names, path } = this.#pathOf(key);
      const [first = ""] = names;
      const isTop = names.length === 1;
      const type = isTop ? schema?.fields.get(first)?.type : undefined;
      const value = context.values.write(given, { path: names, issues, type });
      const change = isFieldChange(given) ? given : undefined;
      fields.push({ names, path, value, change });
      if (!isTop) issues.push(...this.#insideIssue(first, names));
      else if (change === undefined) checked[first] = withoutChanges(given, value);
      else if (!deletable.has(first)) issues.push(...changeIssue(schema, first, change));
    }
    issues.push(...overlaps(fields));
    if (schema !== undefined && issues.length === 0)
      issues.push(...schema.checkSome(ref.id, checked));
    this.#refuse(ref, issues);
    return fields;
  }

  /** What is no map may have no entries, and would be an empty document. */
  #checkMap(ref: DocumentReference, data: unknown): void {
    if (typeof data === "object" && data !== null && isPlain(data)) return;
    this.#refuse(ref, [{ path: [], message: "is no map of fields" }]);
  }

  /** Lenient collections may write what the registry does not know. */
  #pathOf(key: string): { readonly names: readonly string[]; readonly path: SdkFieldPath } {
    const { reading, schema, context } = this.#binding;
    const [first = ""] = key.split(".");
    const isUnknown = schema !== undefined && !schema.fields.has(key) && !schema.fields.has(first);
    if (!isUnknown || reading.reading !== "lenient") return this.#known(key);
    const names = key.split(".");
    return { names, path: context.build(() => new context.sdk.FieldPath(...names)) };
  }

  #known(key: string): { readonly names: readonly string[]; readonly path: SdkFieldPath } {
    try {
      return this.#binding.fieldPath(key);
    } catch (error) {
      if (!(error instanceof FirestoreError)) throw error;
      const { message, hint, collection } = error;
      throw new FirestoreError("INVALID_VALUE", message, {
        hint,
        collection,
        issues: [{ path: [key], message: "is no field of it" }],
      });
    }
  }

  #insideIssue(field: string, names: readonly string[]): readonly ModelIssue[] {
    const known = this.#binding.schema?.fields.get(field);
    if (known === undefined || known.type === "map" || known.type === "any") return [];
    return [
      {
        path: names,
        message: `leads into the field ${field}, which is of type ${known.type} and no map`,
      },
    ];
  }

  #refuse(ref: DocumentReference, issues: readonly ModelIssue[]): void {
    const { schema, reading } = this.#binding;
    const collection = schema?.id;
    const unknown = issues.filter((issue) => this.#isUnknownField(issue));
    const faults =
      reading.reading === "lenient" ? issues.filter((issue) => !unknown.includes(issue)) : issues;
    if (faults.length === 0) {
      if (unknown.length > 0 && collection !== undefined)
        reading.onMismatch?.({ collection, path: ref.path, issues: unknown });
      return;
    }
    const of =
      collection === undefined ? "Firestore cannot hold it" : `it is not one of ${collection}`;
    throw new FirestoreError(
      "INVALID_VALUE",
      `The document ${ref.path} is not written, because ${of}: ${formatIssues(faults)}.`,
      { collection, path: ref.path, issues: faults, hint: faults.find(({ hint }) => hint)?.hint },
    );
  }

  #isUnknownField({ path }: ModelIssue): boolean {
    const [first] = path;
    return (
      path.length === 1 &&
      typeof first === "string" &&
      nameFault(first) === undefined &&
      this.#binding.schema?.fields.has(first) === false &&
      this.#binding.schema.table?.columns.has(first) !== true
    );
  }
}

/** A field and a part of it cannot be written at once: which of them counts? */
function overlaps(fields: readonly PreparedField[]): readonly ModelIssue[] {
  const whole = new Set(fields.map(({ names }) => JSON.stringify(names)));
  return fields.flatMap(({ names }) => {
    const outer = names
      .map((_, length) => names.slice(0, length))
      .find((some) => some.length > 0 && whole.has(JSON.stringify(some)));
    if (outer === undefined) return [];
    const message = `is in ${outer.join(".")} already, which is written as a whole`;
    return [{ path: names, message }];
  });
}

/** Puts a value where a path of names leads. */
function setIn(data: Record<string, unknown>, names: readonly string[], value: unknown): void {
  const [name = "", ...others] = names;
  if (others.length === 0) {
    data[name] = value;
    return;
  }
  const inside = data[name];
  const map: Record<string, unknown> =
    typeof inside === "object" && inside !== null ? Object.fromEntries(Object.entries(inside)) : {};
  setIn(map, others, value);
  data[name] = map;
}
