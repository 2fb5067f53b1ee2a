import type {
  CheckConstraint,
  Column,
  EnumType,
  Index,
  RegistryChange,
  Table,
} from "@ctb-data/registry";
import { setDefault } from "./alter-column.ts";
import { quoteIdentifier, quoteLiteral } from "./quote-identifier.ts";
import type { ChangeContext } from "./relation-renames.ts";
import { objectName } from "./sql-type.ts";
import { alterTable, checkClause, columnType, createEnum, createIndex } from "./statements.ts";

/** A column whose enum is made anew. */
interface Conversion {
  readonly table: Table;
  readonly column: Column;
}

/**
 * What happens to enums. Values that are added in place are added; anything else makes the type anew and converts its columns,
 * because PostgreSQL can neither remove nor move a value.
 */
export class EnumChanges {
  readonly #changes: readonly RegistryChange[];
  readonly #context: ChangeContext;
  readonly #rebuilt: readonly EnumType[];
  readonly #conversions: readonly Conversion[];

  constructor(changes: readonly RegistryChange[], context: ChangeContext) {
    this.#changes = changes;
    this.#context = context;
    this.#rebuilt = changes.flatMap((change) =>
      change.kind === "enum-changed" && !this.#canAdd(change.before, change.after)
        ? [change.after]
        : [],
    );
    this.#conversions = this.#findConversions();
  }

  /** The columns that change their type with their enum, as they were called before. */
  convertedColumns(): readonly { readonly table: string; readonly column: string }[] {
    const { names } = this.#context;
    return this.#conversions.map(({ table, column }) => ({
      table: names.tableBefore(table.name),
      column: names.columnBefore(table.name, column.name) ?? column.name,
    }));
  }

  /** Expressions hold on to the old type: what stays is dropped now and made again afterwards. */
  dropDependents(): readonly string[] {
    const { after, names } = this.#context;
    return this.#dependents().flatMap(({ table, checks, indexes }) => [
      ...checks.map(({ before }) =>
        alterTable(
          names.tableBefore(table.name),
          after.schema,
          `DROP CONSTRAINT ${quoteIdentifier(before)}`,
        ),
      ),
      ...indexes.map(({ before }) => `DROP INDEX ${objectName(after.schema, before)}`),
    ]);
  }

  /** The enums that are made anew, and so lose their comments. */
  rebuiltNames(): ReadonlySet<string> {
    return new Set(this.#rebuilt.map(({ name }) => name));
  }

  /** What {@link EnumChanges.dropDependents} drops. */
  droppedNames(): ReadonlySet<string> {
    return new Set(
      this.#dependents().flatMap(({ checks, indexes }) =>
        [...checks, ...indexes].map(({ before }) => before),
      ),
    );
  }

  restoreDependents(): readonly string[] {
    const { schema } = this.#context.after;
    return this.#dependents().flatMap(({ table, checks, indexes }) => [
      ...checks.map(({ check }) => alterTable(table.name, schema, `ADD ${checkClause(check)}`)),
      ...indexes.map(({ index }) => createIndex(index, table.name, schema)),
    ]);
  }

  create(): readonly string[] {
    const { schema } = this.#context.after;
    return this.#changes.flatMap((change) => {
      if (change.kind === "enum-added") return [createEnum(change.enum, schema)];
      if (change.kind !== "enum-changed") return [];
      const { before, after } = change;
      if (!this.#rebuilt.includes(after)) return addedValues(before, after, schema);
      return [
        `ALTER TYPE ${objectName(schema, before.name)} RENAME TO ${quoteIdentifier(oldName(before))}`,
        createEnum(after, schema),
      ];
    });
  }

  convertColumns(): readonly string[] {
    const { schema } = this.#context.after;
    return this.#conversions.flatMap(({ table, column }) => {
      const name = quoteIdentifier(column.name);
      const type = columnType(column, schema);
      const alter = (action: string): string =>
        alterTable(table.name, schema, `ALTER COLUMN ${name} ${action}`);
      return [
        alter("DROP DEFAULT"),
        alter(`TYPE ${type} USING ${name}::text${"[]".repeat(column.type.dimensions)}::${type}`),
        ...(column.default === undefined ? [] : [alter(setDefault(column))]),
      ];
    });
  }

  drop(): readonly string[] {
    const { schema } = this.#context.after;
    return this.#changes.flatMap((change) => {
      if (change.kind === "enum-removed")
        return [`DROP TYPE ${objectName(schema, change.enum.name)}`];
      if (change.kind !== "enum-changed" || !this.#rebuilt.includes(change.after)) return [];
      return [`DROP TYPE ${objectName(schema, oldName(change.before))}`];
    });
  }

  /** In one transaction a value that was just added cannot be used. */
  #canAdd(before: EnumType, after: EnumType): boolean {
    const kept = after.values.filter((value) => before.values.includes(value));
    if (kept.join("\0") !== before.values.join("\0")) return false;
    const added = after.values.filter((value) => !before.values.includes(value)).map(quoteLiteral);
    return !expressionsOf(this.#context.after.tables.values()).some((sql) =>
      added.some((literal) => sql.includes(literal)),
    );
  }

  #findConversions(): readonly Conversion[] {
    const names = new Set(this.#rebuilt.map((type) => type.name));
    return [...this.#context.after.tables.values()].flatMap((table) => {
      const old = this.#tableBefore(table);
      return (
        [...table.columns.values()]
          .filter((column) => names.has(column.type.name))
          // A column that gets another type is converted as such.
          .filter(
            (column) =>
              enumOf(column) ===
              enumOf(
                old?.columns.get(this.#context.names.columnBefore(table.name, column.name) ?? ""),
              ),
          )
          .filter((column) => enumOf(column) !== undefined)
          .map((column) => ({ table, column }))
      );
    });
  }

  #tableBefore(table: Table): Table | undefined {
    const { before, names } = this.#context;
    const isNew = this.#changes.some(
      (change) => change.kind === "table-added" && change.table.name === table.name,
    );
    return isNew ? undefined : before.tables.get(names.tableBefore(table.name));
  }

  /** Checks, and indexes with expressions, of tables with a converted column, that are the same before and after. */
  #dependents(): readonly Dependents[] {
    const tables = new Set(this.#conversions.map(({ table }) => table));
    return [...tables].map((table) => ({
      table,
      checks: table.checks
        .filter((check) => !this.#isNew("check-added", table, check.name))
        .map((check) => ({
          check,
          before: this.#nameBefore("constraint-renamed", table, check.name),
        })),
      indexes: table.indexes
        .filter(
          (index) => index.where !== undefined || index.parts.some((part) => "expression" in part),
        )
        .filter((index) => !this.#isNew("index-added", table, index.name))
        .map((index) => ({ index, before: this.#nameBefore("index-renamed", table, index.name) })),
    }));
  }

  #isNew(kind: "check-added" | "index-added", table: Table, name: string): boolean {
    return this.#changes.some(
      (change) =>
        change.kind === kind &&
        change.table === table.name &&
        ("constraint" in change ? change.constraint.name : change.index.name) === name,
    );
  }

  #nameBefore(kind: "constraint-renamed" | "index-renamed", table: Table, name: string): string {
    const rename = this.#changes.find(
      (change) => change.kind === kind && change.table === table.name && change.to === name,
    );
    return rename && "from" in rename ? rename.from : name;
  }
}

/** The enum that a column holds, and in how many dimensions. */
function enumOf(column: Column | undefined): string | undefined {
  if (column === undefined || column.encryption || column.type.kind !== "enum") return undefined;
  return `${column.type.name}${"[]".repeat(column.type.dimensions)}`;
}

interface Dependents {
  readonly table: Table;
  readonly checks: readonly { readonly check: CheckConstraint; readonly before: string }[];
  readonly indexes: readonly { readonly index: Index; readonly before: string }[];
}

const oldName = (type: EnumType): string => `ctb_old_${type.name}`.slice(0, 60);

function addedValues(before: EnumType, after: EnumType, schema: string): readonly string[] {
  const existing = [...before.values];
  return after.values.flatMap((value, index) => {
    if (before.values.includes(value)) return [];
    // In the order of the list, so that the one behind which a value stands exists by then.
    const previous = after.values[index - 1];
    const place =
      previous === undefined
        ? existing[0] === undefined
          ? ""
          : ` BEFORE ${quoteLiteral(existing[0])}`
        : ` AFTER ${quoteLiteral(previous)}`;
    return [
      `ALTER TYPE ${objectName(schema, after.name)} ADD VALUE ${quoteLiteral(value)}${place}`,
    ];
  });
}

function expressionsOf(tables: Iterable<Table>): readonly string[] {
  return [...tables].flatMap((table) => [
    ...[...table.columns.values()].flatMap((column) => column.default ?? []),
    ...table.checks.map((check) => check.expression),
    ...table.indexes.flatMap((index) => [
      ...(index.where === undefined ? [] : [index.where]),
      ...index.parts.flatMap((part) => ("expression" in part ? [part.expression] : [])),
    ]),
  ]);
}
