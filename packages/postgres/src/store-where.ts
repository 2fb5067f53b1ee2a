import { ModelError, type Model } from "@ctb-data/models";
import { elementText, type Parameter } from "./parameter.ts";
import { PostgresError } from "./postgres-error.ts";
import { columnOf } from "./store-sql.ts";
import type { ColumnPlan, TablePlan } from "./table-plan.ts";

/** A condition in SQL, and what fills its places. */
export interface WhereSql {
  /** ` WHERE …`, or empty. */
  readonly text: string;
  readonly values: Parameter[];
  /** Conditions on encrypted columns that the database can only narrow down: hashes may collide. */
  readonly encrypted: readonly EncryptedCondition[];
}

/** An encrypted column, and the values that it may have. */
export interface EncryptedCondition {
  readonly column: ColumnPlan;
  readonly wanted: readonly unknown[];
}

/** Compiles conditions for one table. */
export class WhereCompiler {
  readonly #plan: TablePlan;
  readonly #model: Model;
  readonly #values: Parameter[] = [];
  readonly #encrypted: EncryptedCondition[] = [];

  constructor(plan: TablePlan, model: Model) {
    this.#plan = plan;
    this.#model = model;
  }

  /** @throws {PostgresError} UNKNOWN_OBJECT, INVALID_VALUE, UNSUPPORTED */
  compile(where: object): WhereSql {
    const conditions = Object.entries(where)
      .filter(([, condition]) => condition !== undefined)
      .flatMap(([name, condition]: [string, unknown]) =>
        this.#column(columnOf(this.#plan, name), condition),
      );
    const text = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
    return { text, values: this.#values, encrypted: this.#encrypted };
  }

  #column(column: ColumnPlan, condition: unknown): readonly string[] {
    const comparisons = comparisonsOf(column, condition);
    return Object.entries(comparisons)
      .filter(([, value]) => value !== undefined)
      .map(([operator, value]: [string, unknown]) => this.#compare(column, operator, value));
  }

  #compare(column: ColumnPlan, operator: string, value: unknown): string {
    const { sqlName } = column;
    if (value === null && (operator === "eq" || operator === "not")) {
      return `${sqlName} IS ${operator === "eq" ? "" : "NOT "}NULL`;
    }
    if (column.column.encryption !== undefined) return this.#lookup(column, operator, value);
    if (operator === "in") {
      if (!Array.isArray(value)) throw invalid(column, "`in` needs a list");
      return this.#anyOf(
        column,
        value.map((item: unknown) => this.#encode(column, item)),
      );
    }
    if (operator === "not")
      return `${sqlName} IS DISTINCT FROM ${this.#place(this.#encode(column, value))}`;
    if (operator === "like" || operator === "ilike") {
      if (typeof value !== "string") throw invalid(column, `\`${operator}\` needs a text`);
      return `${sqlName} ${operator.toUpperCase()} ${this.#place(value)}`;
    }
    const sign = signs.get(operator);
    if (sign === undefined) {
      throw invalid(
        column,
        `${operator} is not a comparison`,
        "Use eq, not, in, gt, gte, lt, lte, like or ilike.",
      );
    }
    return `${this.#comparable(column)} ${sign} ${this.#place(this.#encode(column, value))}`;
  }

  /** `json` has no equality of its own; as `jsonb` it has. */
  #comparable({ sqlName, stored }: ColumnPlan): string {
    return stored.name === "json" && stored.dimensions === 0 ? `${sqlName}::jsonb` : sqlName;
  }

  /** One parameter for the whole list, so that lists of any length are the same statement. */
  #anyOf(column: ColumnPlan, items: readonly Parameter[]): string {
    if (column.stored.dimensions > 0) {
      if (items.length === 0) return "FALSE";
      return `${column.sqlName} IN (${items.map((item) => this.#place(item)).join(", ")})`;
    }
    const list = `{${items.map(elementText).join(",")}}`;
    return `${this.#comparable(column)} = ANY (${this.#place(list)}::${castName(column)}[])`;
  }

  #lookup(column: ColumnPlan, operator: string, value: unknown): string {
    const wanted: readonly unknown[] = operator === "in" && Array.isArray(value) ? value : [value];
    const place = column.column.encryption?.blindIndex;
    if ((operator !== "eq" && operator !== "in") || place === undefined) {
      throw new PostgresError(
        "UNSUPPORTED",
        `The encrypted column ${column.name} of ${this.#plan.table.name} cannot be compared like that.`,
        {
          table: this.#plan.table.name,
          columns: [column.name],
          hint: "Encrypted columns with a blind index can be looked up by equal values, others not at all.",
        },
      );
    }
    const values = wanted.flatMap((item) => this.#model.lookup(column.name, item).values);
    this.#encrypted.push({ column, wanted });
    return this.#anyOf(columnOf(this.#plan, place.column), values);
  }

  #encode(column: ColumnPlan, value: unknown): Parameter {
    return conditionParameter(this.#model, column, value);
  }

  #place(parameter: Parameter): string {
    return `$${this.#values.push(parameter)}`;
  }
}

/** A value to compare with, as kind as an input: a `Date` for a timestamp, a number for a bigint. */
export function conditionParameter(model: Model, column: ColumnPlan, value: unknown): Parameter {
  try {
    return column.toParameter(value);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const parsed = model.shape[column.name]?.safeParse(value);
    if (parsed?.success === true) return column.toParameter(parsed.data);
    throw new PostgresError("INVALID_VALUE", error.message, {
      cause: error,
      hint: error.hint,
      table: model.table.name,
      columns: [column.name],
    });
  }
}

const signs: ReadonlyMap<string, string> = new Map([
  ["eq", "="],
  ["gt", ">"],
  ["gte", ">="],
  ["lt", "<"],
  ["lte", "<="],
]);

/** What may stand for a condition: a value, null, a list of values, or comparisons by name. */
function comparisonsOf(column: ColumnPlan, condition: unknown): Readonly<Record<string, unknown>> {
  const { stored } = column;
  if (Array.isArray(condition) && stored.dimensions === 0 && stored.kind !== "json")
    return { in: condition };
  if (!isPlainObject(condition)) return { eq: condition };
  // Of a JSON column an object is a value, unless all that it has are comparisons.
  const names = Object.keys(condition);
  const isComparison = names.length > 0 && names.every((name) => signs.has(name) || more.has(name));
  return stored.kind === "json" && !isComparison ? { eq: condition } : condition;
}

const more: ReadonlySet<string> = new Set(["not", "in", "like", "ilike"]);

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const castName = ({ stored, castType }: ColumnPlan): string =>
  stored.name === "json" ? "jsonb" : castType;

function invalid(column: ColumnPlan, what: string, hint?: string): PostgresError {
  return new PostgresError(
    "INVALID_OPTIONS",
    `The condition on ${column.name} is wrong: ${what}.`,
    {
      columns: [column.name],
      hint,
    },
  );
}
