import {
  ColumnNode,
  ColumnUpdateNode,
  InsertQueryNode,
  PrimitiveValueListNode,
  TableNode,
  UpdateQueryNode,
  ValueListNode,
  ValueNode,
  ValuesNode,
  type KyselyPlugin,
  type OperationNode,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  type RootOperationNode,
  type UnknownRow,
} from "kysely";
import type { DatabaseContext } from "./database-context.ts";
import { PostgresError } from "./postgres-error.ts";
import type { ColumnPlan, TablePlan } from "./table-plan.ts";

/**
 * Writes JSON into the registry's tables as JSON: otherwise an array for a `jsonb` column would go out as an array of
 * PostgreSQL. And refuses plain text for a column that is encrypted.
 */
export class RegistryValuesPlugin implements KyselyPlugin {
  readonly #context: DatabaseContext;

  constructor(context: DatabaseContext) {
    this.#context = context;
  }

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    if (InsertQueryNode.is(node)) return this.#insert(node);
    if (UpdateQueryNode.is(node)) return this.#update(node);
    return node;
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return result;
  }

  #insert(node: InsertQueryNode): InsertQueryNode {
    const plan = this.#planOf(node.into);
    if (!plan || !node.values || !ValuesNode.is(node.values)) return node;
    const columns = (node.columns ?? []).map(({ column }) => plan.columns.get(column.name));
    const values = node.values.values.map((item) =>
      PrimitiveValueListNode.is(item)
        ? PrimitiveValueListNode.create(
            item.values.map((value, index) => stored(columns[index], value)),
          )
        : ValueListNode.create(
            item.values.map((value, index) => storedNode(columns[index], value)),
          ),
    );
    const updates = node.onConflict?.updates?.map((update) => updated(plan, update));
    return {
      ...node,
      values: ValuesNode.create(values),
      ...(node.onConflict && updates && { onConflict: { ...node.onConflict, updates } }),
    };
  }

  #update(node: UpdateQueryNode): UpdateQueryNode {
    const plan = this.#planOf(node.table);
    if (!plan || !node.updates) return node;
    return { ...node, updates: node.updates.map((update) => updated(plan, update)) };
  }

  /** Undefined for a table that the registry does not know, or of another schema. */
  #planOf(node: OperationNode | undefined): TablePlan | undefined {
    const { registry } = this.#context;
    if (!registry || !node || !TableNode.is(node)) return undefined;
    const { schema, identifier } = node.table;
    const isOurs =
      registry.tables.has(identifier.name) && (schema?.name ?? "public") === registry.schema;
    return isOurs ? this.#context.tablePlan(identifier.name) : undefined;
  }
}

function updated(plan: TablePlan, update: ColumnUpdateNode): ColumnUpdateNode {
  if (!ColumnNode.is(update.column)) return update;
  const column = plan.columns.get(update.column.column.name);
  return ColumnUpdateNode.create(update.column, storedNode(column, update.value));
}

function storedNode(column: ColumnPlan | undefined, node: OperationNode): OperationNode {
  return ValueNode.is(node) ? ValueNode.create(stored(column, node.value)) : node;
}

function stored(column: ColumnPlan | undefined, value: unknown): unknown {
  if (!column || value === null || value === undefined) return value;
  if (column.column.encryption) return ciphertext(column, value);
  return column.stored.kind === "json" ? column.toParameter(value) : value;
}

function ciphertext({ name }: ColumnPlan, value: unknown): unknown {
  if (typeof value === "string" && value.startsWith("ctb1.")) return value;
  throw new PostgresError(
    "UNSUPPORTED",
    `The column ${name} is encrypted, and Kysely would store the value as it is.`,
    {
      columns: [name],
      hint: "Write it with table(…), or with an entity of MikroORM.",
    },
  );
}
