import { modelOf, type Keyring, type Model } from "@ctb-data/models";
import type { Registry } from "@ctb-data/registry";
import { PostgresError } from "./postgres-error.ts";
import { PreparedStatements } from "./prepared-statements.ts";
import type { RowClass } from "./stored-model.ts";
import { tablePlan, type TablePlan } from "./table-plan.ts";
import type { TypeParsers } from "./type-parsers.ts";
import { typedRow } from "./typed-row.ts";

/** What belongs to an opened database and is worked out once. */
export class DatabaseContext {
  readonly description: string;
  readonly registry: Registry | undefined;
  readonly keyring: Keyring | undefined;
  readonly types: TypeParsers;
  readonly prepared: PreparedStatements;
  readonly #plans = new Map<string, TablePlan>();
  readonly #models = new WeakMap<TablePlan, Model>();
  readonly #keyedClasses = new WeakMap<RowClass, RowClass>();

  constructor(options: {
    readonly description: string;
    readonly registry: Registry | undefined;
    readonly keyring: Keyring | undefined;
    readonly types: TypeParsers;
    readonly prepare: boolean;
  }) {
    this.description = options.description;
    this.registry = options.registry;
    this.keyring = options.keyring;
    this.types = options.types;
    this.prepared = new PreparedStatements(options.prepare);
  }

  /** @throws {PostgresError} INVALID_OPTIONS without a registry, UNKNOWN_OBJECT when it has no such table. */
  tablePlan(name: string): TablePlan {
    const known = this.#plans.get(name);
    if (known) return known;
    const registry = this.requireRegistry();
    const table = registry.tables.get(name);
    if (!table) {
      throw new PostgresError("UNKNOWN_OBJECT", `The registry has no table ${name}.`, {
        hint: `It has: ${[...registry.tables.keys()].slice(0, 20).join(", ") || "none"}.`,
        table: name,
      });
    }
    const plan = tablePlan(table, registry);
    this.#plans.set(name, plan);
    return plan;
  }

  /** The run-time model of a table. @throws {ModelError} NO_KEYRING when it is used and the table has encrypted columns. */
  model(plan: TablePlan): Model {
    const known = this.#models.get(plan);
    if (known) return known;
    const model = modelOf(plan.table, this.keyring ? { keyring: this.keyring } : {});
    this.#models.set(plan, model);
    return model;
  }

  /** The model of a table as if it had only some of its columns. */
  partialModel(plan: TablePlan, names: readonly string[]): Model {
    const { name, columns, renamedFrom } = plan.table;
    return modelOf(
      {
        name,
        ...(renamedFrom !== undefined && { renamedFrom }),
        columns: new Map([...columns].filter(([column]) => names.includes(column))),
      },
      this.keyring ? { keyring: this.keyring } : {},
    );
  }

  /** A generated class whose instances encrypt with this database's keyring; the class itself where nothing is encrypted. */
  keyedClass(plan: TablePlan, rowClass: RowClass): RowClass {
    if (!plan.encrypted || !this.keyring) return rowClass;
    const known = this.#keyedClasses.get(rowClass) ?? rowClass.with({ keyring: this.keyring });
    this.#keyedClasses.set(rowClass, known);
    return known;
  }

  /** What makes a stored row of a model's value; undefined where both are the same. */
  encrypter(plan: TablePlan): ((value: object) => object) | undefined {
    if (!plan.encrypted) return undefined;
    const model = this.model(plan);
    return (value) => model.toRow(typedRow(value));
  }

  /** @throws {PostgresError} INVALID_OPTIONS */
  requireRegistry(): Registry {
    if (this.registry) return this.registry;
    throw new PostgresError("INVALID_OPTIONS", "The database was opened without a registry.", {
      hint: "Give openPostgres a registry: without one it does not know the tables and their types.",
    });
  }
}
