import { modelOf, ModelError, type ModelColumn, type ModelValue } from "@ctb-data/models";
import type { Column, ColumnType, Table } from "@ctb-data/registry";
import { bareType, integerBounds, isHidden, paddedLength, type RuleColumn } from "./rule-column.ts";

/** What is wrong with a value under some of a column's rules, in the words of the model; undefined when nothing is. */
export type TestValue = (value: ModelValue) => string | undefined;

/** The rules of a column, each by itself, so that a value breaks each for its own reason. All of them are the model's. */
export interface ModelTests {
  /** Whether it is a value of the type at all, and fits the field of the documents that it is mapped to. */
  readonly value: TestValue | undefined;
  readonly length: TestValue | undefined;
  readonly range: TestValue | undefined;
  readonly pattern: TestValue | undefined;
  readonly format: TestValue | undefined;
  readonly enum: TestValue | undefined;
}

/** A column, and what is known of the texts that it stores. */
type TestedColumn = Pick<RuleColumn, "table" | "column" | "liveType">;

/** Compiles the tests of a column's values; undefined for rules that it does not have. */
export function modelTestsOf(at: TestedColumn): ModelTests {
  const { table, column } = at;
  const { type, min, max, pattern, format, oneOf } = column;
  const bounds = { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
  const isBounded = min !== undefined || max !== undefined;
  const isText = type.kind === "text";
  const hasLength = isText && (isBounded || type.length !== undefined || type.name === "char");
  const hasRange = !isText && (isBounded || isLimited(type));
  const test = (facts: RuleFacts): TestValue => inputTest(at, facts);
  return {
    value: both(
      needsParsing(type) ? test({ type: bareType(type) }) : undefined,
      documentTest(table, column),
    ),
    length: hasLength ? test({ type, ...bounds }) : undefined,
    range: hasRange ? test({ type, ...bounds }) : undefined,
    pattern: pattern === undefined ? undefined : test({ type: asText(type), pattern }),
    format: format === undefined ? undefined : test({ type: asText(type), format }),
    enum:
      type.kind === "enum"
        ? test({ type })
        : oneOf === undefined
          ? undefined
          : test({ type: asText(type), oneOf }),
  };
}

/** Not a `char(n)`: its length is another rule. */
function asText({ dimensions }: ColumnType): ColumnType {
  return { name: "text", kind: "text", dimensions };
}

/** Whether a text that could be decoded may still be no value of the type, apart from its bounds. */
function needsParsing({ kind }: ColumnType): boolean {
  const decodedIsEnough = ["text", "enum", "boolean", "bytes", "float32", "float64"];
  return !decodedIsEnough.includes(kind) && integerBounds[kind] === undefined;
}

/** Whether the type has bounds that its kind does not have. */
function isLimited(type: ColumnType): boolean {
  if (type.kind === "enum") return false;
  const hasBounds = integerBounds[type.kind] !== undefined || type.kind === "float32";
  return hasBounds || type.precision !== undefined;
}

type RuleFacts = Pick<ModelColumn, "type" | "min" | "max" | "pattern" | "format" | "oneOf">;

function inputTest(at: TestedColumn, facts: RuleFacts): TestValue {
  const { column, table, liveType } = at;
  const padded = paddedLength(column.type, liveType);
  if (padded !== undefined) return paddedTest(plainTest(table, column, elementOf(facts)), padded);
  return plainTest(table, column, facts);
}

function elementOf(facts: RuleFacts): RuleFacts {
  return { ...facts, type: { ...facts.type, dimensions: 0 } };
}

function plainTest(table: Table, column: Column, facts: RuleFacts): TestValue {
  const { name } = column;
  const model = modelOf({
    name: table.name,
    columns: new Map([[name, { ...facts, name, nullable: true }]]),
  });
  const schema = model.shape[name];
  const hidden = isHidden(column);
  return (value) => {
    const result = schema?.safeParse(value);
    if (result === undefined || result.success) return undefined;
    const [issue] = result.error.issues;
    return issue === undefined
      ? "is not valid"
      : issueText(hidden ? [] : issue.path, issue.message);
  };
}

/** So many spaces are tried one by one. */
const triedSpaces = 100;

/** PostgreSQL fills a `char(n)` with spaces: a text is well if it is with any number of those that it may have been given with. */
function paddedTest(test: TestValue, room: number): TestValue {
  const testText = (text: string): string | undefined => {
    const bare = text.replace(/ +$/, "");
    const most = Math.max(room - Array.from(bare).length, text.length - bare.length);
    const problem = test(bare);
    if (problem === undefined || test(bare + " ".repeat(most)) === undefined) return undefined;
    for (let spaces = 1; spaces < Math.min(most, triedSpaces); spaces += 1) {
      if (test(bare + " ".repeat(spaces)) === undefined) return undefined;
    }
    return problem;
  };
  const testAll: TestValue = (value) => {
    if (typeof value === "string") return testText(value);
    if (!Array.isArray(value)) return undefined;
    for (const item of value) {
      const problem = testAll(item);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
  return testAll;
}

function issueText(path: readonly PropertyKey[], message: string): string {
  return path.length === 0 ? message : `at ${path.map(String).join(".")}: ${message}`;
}

/** What makes a document of the column's value; undefined where no document has it. */
function documentTest(table: Table, column: Column): TestValue | undefined {
  const { firestore } = table;
  if (firestore === undefined || column.encryption !== undefined) return undefined;
  const fields = [...firestore.fields.values()].filter((field) => field.column === column.name);
  const isId = firestore.idColumn === column.name;
  if (!isId && fields.length === 0) return undefined;
  const id: ModelColumn = isId ? column : idColumn(column.name);
  const columns = isId ? [column] : [id, column];
  const model = modelOf({
    name: table.name,
    columns: new Map(columns.map((one) => [one.name, one])),
    firestore: {
      collection: firestore.collection,
      idColumn: id.name,
      fields: new Map(fields.map((field) => [field.name, field])),
    },
  });
  return (value) => {
    try {
      model.toDocument({ ...(!isId && { [id.name]: "id" }), [column.name]: value });
      return undefined;
    } catch (error) {
      return `cannot be ${isId ? "the id of a document" : "in a document"}: ${firstIssue(error, isHidden(column))}`;
    }
  };
}

function idColumn(beside: string): ModelColumn {
  return {
    name: `${beside} id`,
    nullable: false,
    type: { name: "text", kind: "text", dimensions: 0 },
  };
}

/** The message of the first thing that a model says is wrong. Other errors are thrown on. */
export function firstIssue(error: unknown, hidden: boolean): string {
  if (!(error instanceof ModelError)) throw error;
  const [issue] = error.issues;
  // The first part of the path is the column.
  return issue === undefined
    ? error.message
    : issueText(hidden ? [] : issue.path.slice(1), issue.message);
}

function both(one: TestValue | undefined, other: TestValue | undefined): TestValue | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return (value) => one(value) ?? other(value);
}
