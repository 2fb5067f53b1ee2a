import type { ModelIssue } from "@ctb-data/models";
import type {
  AggregateField,
  Filter,
  Query as SdkQuery,
  QueryDocumentSnapshot,
} from "firebase-admin/firestore";
import { snapshotOf, type CollectionBinding } from "./collection-binding.ts";
import type { AnyShape } from "./document-shape.ts";
import { documentId } from "./field-path.ts";
import { FirestoreError, formatIssues } from "./firestore-error.ts";
import { cancelled } from "./limits.ts";
import { listenToQuery, queryStates } from "./listen.ts";
import type {
  Aggregated,
  Aggregates,
  Condition,
  GetOptions,
  IterateOptions,
  ListenOptions,
  Operator,
  QueryState,
} from "./query.ts";
import { narrowed } from "./read-values.ts";
import type { Reader } from "./reader.ts";
import type { StoredDocument } from "./stored-document.ts";
import { nameOfKind, kindOfValue } from "./value-kind.ts";

type Path = string | readonly string[];
type Document = StoredDocument<AnyShape>;

/** A query of the SDK, and what has to be known of it to page through it. */
export interface QueryPlan {
  readonly binding: CollectionBinding;
  readonly reader: Reader;
  readonly query: SdkQuery;
  /** The first names of the fields that pages are ordered by. */
  readonly ordered: readonly string[];
  readonly limit?: number;
  readonly fromEnd?: boolean;
  readonly fields?: ReadonlySet<string>;
}

const defaultPageSize = 500;
/** Firestore counts with 32 bits. */
const mostDocuments = 2 ** 31 - 1;

/** A condition with the filter of the SDK. */
class FilterCondition implements Condition {
  readonly condition: Condition["condition"];
  readonly filter: Filter;
  /** The first names of the fields that are compared by order. */
  readonly ordered: readonly string[];

  constructor(condition: Condition["condition"], filter: Filter, ordered: readonly string[]) {
    this.condition = condition;
    this.filter = filter;
    this.ordered = ordered;
  }
}

/** The one query behind all of them: its interfaces tell the compiler what of it can be used where. */
export class ModelQuery {
  readonly #plan: QueryPlan;

  constructor(plan: QueryPlan) {
    this.#plan = plan;
  }

  get #place(): { readonly collection: string | undefined } {
    return { collection: this.#plan.binding.schema?.id };
  }

  #with(
    change: (query: SdkQuery) => SdkQuery,
    more: Partial<Omit<QueryPlan, "query" | "binding" | "reader">> = {},
  ): ModelQuery {
    const { context } = this.#plan.binding;
    const query = context.build(() => change(this.#plan.query), this.#place);
    return new ModelQuery({ ...this.#plan, query, ...more });
  }

  where(
    path: Path | ((conditions: ConditionMaker) => Condition),
    operator: Operator = "==",
    value?: unknown,
  ): ModelQuery {
    const maker = new ConditionMaker(this.#plan.binding);
    const made = typeof path === "function" ? path(maker) : maker.field(path, operator, value);
    if (!(made instanceof FilterCondition))
      throw new FirestoreError(
        "INVALID_QUERY",
        "The function given to where() returned no condition.",
      );
    return this.#with((query) => query.where(made.filter), {
      ordered: [...this.#plan.ordered, ...made.ordered],
    });
  }

  orderBy(path: Path, direction: "asc" | "desc" = "asc"): ModelQuery {
    const field = this.#plan.binding.fieldPath(path);
    return this.#with((query) => query.orderBy(field.path, direction), {
      ordered: [...this.#plan.ordered, field.names[0] ?? ""],
    });
  }

  limit(count: number): ModelQuery {
    checkCount("limit", count, 1);
    return this.#with((query) => query.limit(count), { limit: count, fromEnd: false });
  }

  limitToLast(count: number): ModelQuery {
    checkCount("limitToLast", count, 1);
    return this.#with((query) => query.limitToLast(count), { limit: count, fromEnd: true });
  }

  offset(count: number): ModelQuery {
    checkCount("offset", count, 0);
    return this.#with((query) => query.offset(count));
  }

  select(...fields: readonly string[]): ModelQuery {
    const { binding, ordered } = this.#plan;
    // Pages start after a document, which must have the fields of the order.
    const needed = [...new Set([...fields, ...ordered])].filter((name) => name !== documentId);
    const paths = needed.map((name) => binding.fieldPath([name]).path);
    return this.#with((query) => query.select(...paths), { fields: new Set(fields) });
  }

  startAt(...cursor: readonly unknown[]): ModelQuery {
    return this.#at("startAt", cursor);
  }

  startAfter(...cursor: readonly unknown[]): ModelQuery {
    return this.#at("startAfter", cursor);
  }

  endAt(...cursor: readonly unknown[]): ModelQuery {
    return this.#at("endAt", cursor);
  }

  endBefore(...cursor: readonly unknown[]): ModelQuery {
    return this.#at("endBefore", cursor);
  }

  #at(
    where: "startAt" | "startAfter" | "endAt" | "endBefore",
    cursor: readonly unknown[],
  ): ModelQuery {
    const [first] = cursor;
    const snapshot = typeof first === "object" && first !== null ? snapshotOf(first) : undefined;
    if (snapshot !== undefined) return this.#with((query) => query[where](snapshot));
    const { context } = this.#plan.binding;
    const issues: ModelIssue[] = [];
    const values = cursor.map((value, index) =>
      context.values.write(value, { path: [index], issues }),
    );
    if (issues.length > 0)
      throw new FirestoreError("INVALID_QUERY", `The cursor cannot be: ${formatIssues(issues)}.`, {
        ...this.#place,
        issues,
      });
    return this.#with((query) => query[where](...values));
  }

  async get(options: GetOptions = {}): Promise<readonly Document[]> {
    const { reader, query } = this.#plan;
    const { docs } = await reader.query(query, options, this.#place);
    return docs.map((snapshot) => this.#document(snapshot));
  }

  async first(options: GetOptions = {}): Promise<Document | undefined> {
    const [found] = await (this.#plan.fromEnd === true ? this : this.limit(1)).get(options);
    return found;
  }

  #document(snapshot: QueryDocumentSnapshot): Document {
    const document = this.#plan.binding.document(snapshot, this.#plan.fields);
    if (document !== undefined) return document;
    throw new FirestoreError("REQUEST_FAILED", `The query found a document without fields.`, {
      path: snapshot.ref.path,
    });
  }

  async *iterate(options: IterateOptions = {}): AsyncGenerator<Document, undefined> {
    const { pageSize = defaultPageSize, signal } = options;
    checkCount("pageSize", pageSize, 1);
    const { query, limit = Infinity, fromEnd, reader } = this.#plan;
    if (fromEnd === true) {
      yield* await this.get(options);
      return;
    }
    let left = limit;
    let last: QueryDocumentSnapshot | undefined;
    while (left > 0) {
      const size = Math.min(pageSize, left);
      const page = nextPage(query, size, last);
      const { docs } = await reader.query(page, options, this.#place);
      for (const snapshot of docs) {
        if (signal?.aborted === true) throw cancelled(signal, this.#place);
        yield this.#document(snapshot);
      }
      last = docs.at(-1);
      left -= docs.length;
      if (docs.length < size) return;
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<Document> {
    return this.iterate()[Symbol.asyncIterator]();
  }

  async count(options?: GetOptions): Promise<number> {
    return (await this.aggregate({ count: "count" }, options)).count;
  }

  async sum(path: Path, options?: GetOptions): Promise<number | bigint> {
    return (await this.aggregate({ sum: ["sum", path] }, options)).sum;
  }

  async average(path: Path, options?: GetOptions): Promise<number | null> {
    return (await this.aggregate({ average: ["average", path] }, options)).average;
  }

  async aggregate<const Spec extends Aggregates<AnyShape["data"]>>(
    spec: Spec,
    options: GetOptions = {},
  ): Promise<Aggregated<Spec>> {
    const { binding, query, reader } = this.#plan;
    const { AggregateField: Field } = binding.context.sdk;
    const fields = Object.entries<"count" | readonly ["sum" | "average", Path]>(spec).map(
      ([name, what]): [string, AggregateField<number | null>] => {
        if (what === "count") return [name, Field.count()];
        const { path } = binding.fieldPath(what[1]);
        return [name, what[0] === "sum" ? Field.sum(path) : Field.average(path)];
      },
    );
    const asked = binding.context.build(
      () => query.aggregate(Object.fromEntries(fields)),
      this.#place,
    );
    const snapshot = await reader.aggregate(asked, options, this.#place);
    const result: unknown = Object.fromEntries(
      Object.entries<unknown>(snapshot.data()).map(([name, value]) => [name, narrowed(value)]),
    );
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server answers what it was asked, by name
    return result as Aggregated<Spec>;
  }

  listen(listener: (state: QueryState<AnyShape>) => void, options: ListenOptions): () => void {
    return listenToQuery(this.#plan.binding, this.#listened(), { listener, ...options });
  }

  states(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<QueryState<AnyShape>> {
    return queryStates(this.#plan.binding, this.#listened(), options);
  }

  #listened(): { readonly query: SdkQuery; readonly fields: ReadonlySet<string> | undefined } {
    const { reader, query, fields } = this.#plan;
    if (reader.kind === "now") return { query, fields };
    throw new FirestoreError(
      "UNSUPPORTED",
      "Only what is there now can be listened to.",
      this.#place,
    );
  }
}

function nextPage(
  query: SdkQuery,
  size: number,
  last: QueryDocumentSnapshot | undefined,
): SdkQuery {
  const page = query.limit(size);
  // The offset was passed by the first page.
  return last === undefined ? page : page.offset(0).startAfter(last);
}

function checkCount(what: string, count: number, least: number): void {
  if (Number.isSafeInteger(count) && count >= least && count <= mostDocuments) return;
  throw new FirestoreError(
    "INVALID_QUERY",
    `${what} must be a whole number from ${least} to ${mostDocuments}, not ${String(count)}.`,
  );
}

const lists: ReadonlySet<Operator> = new Set(["in", "not-in", "array-contains-any"]);
const byOrder: ReadonlySet<Operator> = new Set(["<", "<=", ">", ">=", "!=", "not-in"]);

/** Makes the filters of one collection. */
class ConditionMaker {
  readonly #binding: CollectionBinding;

  constructor(binding: CollectionBinding) {
    this.#binding = binding;
  }

  readonly field = (path: Path, operator: Operator, value: unknown): Condition => {
    const { context, schema } = this.#binding;
    const { names, path: fieldPath } = this.#binding.fieldPath(path);
    const [first = ""] = names;
    const issues: ModelIssue[] = [];
    const type = names.length === 1 ? schema?.fields.get(first)?.type : undefined;
    const written = lists.has(operator)
      ? listOf(value).map((item, index) =>
          context.values.write(item, { path: [index], issues, type }),
        )
      : context.values.write(value, { path: [], issues, type });
    if (names.length === 1 && issues.length === 0)
      this.#checkKind(first, operator, written, issues);
    if (issues.length > 0) {
      throw new FirestoreError(
        "INVALID_QUERY",
        `The condition on ${names.join(".")} cannot be: ${formatIssues(issues)}.`,
        { collection: schema?.id, issues },
      );
    }
    const filter = context.build(() => context.sdk.Filter.where(fieldPath, operator, written));
    return new FilterCondition("field", filter, byOrder.has(operator) ? [first] : []);
  };

  readonly and = (...conditions: readonly Condition[]): Condition =>
    this.#combined("and", conditions);

  readonly or = (...conditions: readonly Condition[]): Condition =>
    this.#combined("or", conditions);

  #combined(how: "and" | "or", conditions: readonly Condition[]): Condition {
    const made = conditions.filter((condition) => condition instanceof FilterCondition);
    const { context } = this.#binding;
    if (made.length === 0 || made.length < conditions.length)
      throw new FirestoreError("INVALID_QUERY", `${how}() takes one condition or more.`);
    const filters = made.map(({ filter }) => filter);
    const filter = context.build(() => context.sdk.Filter[how](...filters));
    return new FilterCondition(
      how,
      filter,
      made.flatMap(({ ordered }) => ordered),
    );
  }

  #checkKind(field: string, operator: Operator, value: unknown, issues: ModelIssue[]): void {
    const { schema } = this.#binding;
    if (schema === undefined || field === documentId) return;
    const type = schema.fields.get(field)?.type ?? "any";
    if (operator === "array-contains" || operator === "array-contains-any") {
      if (type !== "array" && type !== "any" && schema.fields.get(field)?.json !== true)
        issues.push({ path: [], message: `the field is ${nameOfKind(type)}, not an array` });
      return;
    }
    const values: readonly unknown[] = lists.has(operator) ? listOf(value) : [value];
    const other = values.find((item) => !schema.compares(field, item));
    if (other === undefined) return;
    const message = `is ${nameOfKind(kindOfValue(other))}, but the field is ${nameOfKind(type)}: they are never equal`;
    issues.push({ path: [], message });
  }
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new FirestoreError(
    "INVALID_QUERY",
    "in, not-in and array-contains-any take a list of values.",
  );
}
