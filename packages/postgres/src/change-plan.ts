import type { ForeignKey, Registry, RegistryChange, Table } from "@ctb-data/registry";
import { alterColumn } from "./alter-column.ts";
import { ChangeNames } from "./change-names.ts";
import { changedComments } from "./changed-comments.ts";
import { EnumChanges } from "./enum-changes.ts";
import { quoteIdentifier } from "./quote-identifier.ts";
import { relationRenames } from "./relation-renames.ts";
import { renameSteps } from "./rename-steps.ts";
import { creationOrder } from "./schema-sql.ts";
import { objectName } from "./sql-type.ts";
import {
  alterTable,
  checkClause,
  columnDefinition,
  createIndex,
  createTable,
  foreignKeyClause,
  primaryKeyClause,
  uniqueClause,
} from "./statements.ts";

type Change<Kind extends RegistryChange["kind"]> = Extract<RegistryChange, { readonly kind: Kind }>;

/** A foreign key and the table that has it. */
interface OwnedKey {
  readonly table: string;
  readonly key: ForeignKey;
}

/**
 * The statements for changes in one direction. First everything goes that stands in the way (under its old name), then things
 * get their new names, then everything comes that is new.
 */
export class ChangePlan {
  readonly #changes: readonly RegistryChange[];
  readonly #before: Registry;
  readonly #after: Registry;
  readonly #names: ChangeNames;
  readonly #enums: EnumChanges;
  readonly #schema: string;

  constructor(
    changes: readonly RegistryChange[],
    { before, after }: { readonly before: Registry; readonly after: Registry },
  ) {
    this.#changes = changes;
    this.#before = before;
    this.#after = after;
    this.#schema = after.schema;
    this.#names = new ChangeNames(changes);
    this.#enums = new EnumChanges(changes, { before, after, names: this.#names });
  }

  statements(): readonly string[] {
    const rebuilt = this.#rebuiltForeignKeys();
    const context = { before: this.#before, after: this.#after, names: this.#names };
    return [
      ...this.#moveSchema(),
      ...this.#dropForeignKeys(rebuilt),
      ...this.#dropTables(),
      ...this.#enums.dropDependents(),
      ...this.#dropObjects(),
      ...this.#dropColumns(),
      ...relationRenames(this.#changes, context, this.#enums.droppedNames()),
      ...this.#renameColumns(),
      ...this.#renameTableConstraints(rebuilt),
      ...this.#enums.create(),
      ...this.#createTables(),
      ...this.#addColumns(),
      ...this.#enums.convertColumns(),
      ...this.#alterColumns(),
      ...this.#addKeysAndChecks(),
      ...this.#addIndexes(),
      ...this.#enums.restoreDependents(),
      ...this.#addForeignKeys(rebuilt),
      ...this.#enums.drop(),
      ...changedComments(this.#changes, context, this.#enums.rebuiltNames()),
    ];
  }

  #of<Kind extends RegistryChange["kind"]>(kind: Kind): readonly Change<Kind>[] {
    const isKind = (change: RegistryChange): change is Change<Kind> => change.kind === kind;
    return this.#changes.filter(isKind);
  }

  #alter(table: string, action: string): string {
    return alterTable(table, this.#schema, action);
  }

  #alterBefore(tableAfter: string, action: string): string {
    return this.#alter(this.#names.tableBefore(tableAfter), action);
  }

  #moveSchema(): readonly string[] {
    if (this.#before.schema === this.#schema) return [];
    const to = `SET SCHEMA ${quoteIdentifier(this.#schema)}`;
    const from = this.#before.schema;
    return [
      ...(this.#schema === "public"
        ? []
        : [`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(this.#schema)}`]),
      ...[...this.#before.enums.keys()].map((name) => `ALTER TYPE ${objectName(from, name)} ${to}`),
      ...[...this.#before.tables.keys()].map((name) => alterTable(name, from, to)),
    ];
  }

  /** Foreign keys that stay, but hold on to a key that is dropped or to a column whose type changes. */
  #rebuiltForeignKeys(): readonly OwnedKey[] {
    const touched = this.#touchedColumns();
    const removed = new Set<ForeignKey>(
      this.#of("foreign-key-removed").map(({ constraint }) => constraint),
    );
    const removedNames = new Set([...removed].map(({ name }) => name));
    return [...this.#before.tables.values()]
      .filter((table) => this.#after.tables.has(this.#names.tableAfter(table.name)))
      .flatMap((table) =>
        table.foreignKeys
          .filter(
            (key) =>
              !removed.has(key) && !(removedNames.has(key.name) && this.#isRemoved(table, key)),
          )
          .filter(
            (key) =>
              key.columns.some((column) => touched.has(`${table.name}.${column}`)) ||
              key.referencedColumns.some((column) =>
                touched.has(`${key.referencedTable}.${column}`),
              ),
          )
          .map((key) => ({ table: table.name, key })),
      );
  }

  #isRemoved(table: Table, key: ForeignKey): boolean {
    return this.#of("foreign-key-removed").some(
      (change) =>
        this.#names.tableBefore(change.table) === table.name && change.constraint.name === key.name,
    );
  }

  /** `table.column`, as they were called before. */
  #touchedColumns(): ReadonlySet<string> {
    const touched = new Set<string>();
    const touch = (tableAfter: string, columns: readonly string[]): void => {
      for (const column of columns) touched.add(`${this.#names.tableBefore(tableAfter)}.${column}`);
    };
    for (const { table, constraint } of this.#of("unique-removed"))
      touch(table, constraint.columns);
    for (const { table, before } of this.#of("primary-key-changed"))
      touch(table, before?.columns ?? []);
    for (const { table, index } of this.#of("index-removed")) {
      if (index.unique)
        touch(
          table,
          index.parts.flatMap((part) => ("column" in part ? [part.column] : [])),
        );
    }
    for (const { table, before, what } of this.#of("column-changed")) {
      if (what.includes("type") || what.includes("encryption")) touch(table, [before.name]);
    }
    for (const { table, column } of this.#enums.convertedColumns())
      touched.add(`${table}.${column}`);
    return touched;
  }

  #dropForeignKeys(rebuilt: readonly OwnedKey[]): readonly string[] {
    return [
      ...this.#of("foreign-key-removed").map(({ table, constraint }) =>
        this.#alterBefore(table, `DROP CONSTRAINT ${quoteIdentifier(constraint.name)}`),
      ),
      ...rebuilt.map(({ table, key }) =>
        this.#alter(table, `DROP CONSTRAINT ${quoteIdentifier(key.name)}`),
      ),
    ];
  }

  #dropObjects(): readonly string[] {
    const constraints = [...this.#of("check-removed"), ...this.#of("unique-removed")];
    return [
      ...this.#of("index-removed").map(
        ({ index }) => `DROP INDEX ${objectName(this.#schema, index.name)}`,
      ),
      ...constraints.map(({ table, constraint }) =>
        this.#alterBefore(table, `DROP CONSTRAINT ${quoteIdentifier(constraint.name)}`),
      ),
      ...this.#of("primary-key-changed").flatMap(({ table, before }) =>
        before ? [this.#alterBefore(table, `DROP CONSTRAINT ${quoteIdentifier(before.name)}`)] : [],
      ),
    ];
  }

  #dropTables(): readonly string[] {
    const tables = this.#of("table-removed").map(({ table }) =>
      objectName(this.#schema, table.name),
    );
    // In one statement they may refer to each other.
    return tables.length === 0 ? [] : [`DROP TABLE ${tables.join(", ")}`];
  }

  #dropColumns(): readonly string[] {
    return this.#of("column-removed").map(({ table, column }) =>
      this.#alterBefore(table, `DROP COLUMN ${quoteIdentifier(column.name)}`),
    );
  }

  #renameColumns(): readonly string[] {
    return this.#renamesByTable("column-renamed").map(({ table, from, to }) =>
      this.#alter(table, `RENAME COLUMN ${quoteIdentifier(from)} TO ${quoteIdentifier(to)}`),
    );
  }

  /** Checks and foreign keys: their names belong to the table. Keys are relations and were renamed as such. */
  #renameTableConstraints(rebuilt: readonly OwnedKey[]): readonly string[] {
    const dropped = this.#enums.droppedNames();
    return this.#renamesByTable("constraint-renamed")
      .filter(({ table, first }) => {
        const before = this.#before.tables.get(this.#names.tableBefore(table));
        const isKey = [before?.primaryKey, ...(before?.uniques ?? [])].some(
          (key) => key?.name === first,
        );
        return (
          !isKey &&
          !dropped.has(first) &&
          !rebuilt.some((owned) => owned.table === before?.name && owned.key.name === first)
        );
      })
      .map(({ table, from, to }) =>
        this.#alter(table, `RENAME CONSTRAINT ${quoteIdentifier(from)} TO ${quoteIdentifier(to)}`),
      );
  }

  #renamesByTable(kind: "column-renamed" | "constraint-renamed"): readonly {
    readonly table: string;
    readonly from: string;
    readonly to: string;
    readonly first: string;
  }[] {
    const renames =
      kind === "column-renamed" ? this.#of("column-renamed") : this.#of("constraint-renamed");
    return [...new Set(renames.map(({ table }) => table))].flatMap((table) => {
      const list = renames.filter((rename) => rename.table === table);
      const origin = new Map<string, string>();
      return renameSteps(list).map((step) => {
        const first = origin.get(step.from) ?? step.from;
        origin.set(step.to, first);
        return { ...step, table, first };
      });
    });
  }

  #createTables(): readonly string[] {
    const added = new Set(this.#of("table-added").map(({ table }) => table.name));
    const tables = creationOrder(this.#after).filter((table) => added.has(table.name));
    return tables.flatMap((table) => [
      createTable(table, this.#schema, []),
      ...table.indexes.map((index) => createIndex(index, table.name, this.#schema)),
    ]);
  }

  #addColumns(): readonly string[] {
    return this.#of("column-added").map(({ table, column }) =>
      this.#alter(table, `ADD COLUMN ${columnDefinition(column, this.#schema)}`),
    );
  }

  #alterColumns(): readonly string[] {
    return this.#of("column-changed").flatMap(({ table, before, after, what }) =>
      what.some((aspect) => aspect !== "rules" && aspect !== "notes")
        ? alterColumn(table, { before, after, schema: this.#schema })
        : [],
    );
  }

  #addKeysAndChecks(): readonly string[] {
    return [
      ...this.#of("primary-key-changed").flatMap(({ table, after }) =>
        after ? [this.#alter(table, `ADD ${primaryKeyClause(after)}`)] : [],
      ),
      ...this.#of("unique-added").map(({ table, constraint }) =>
        this.#alter(table, `ADD ${uniqueClause(constraint)}`),
      ),
      ...this.#of("check-added").flatMap(({ table, constraint }) =>
        this.#validated(table, constraint.name, checkClause(constraint)),
      ),
    ];
  }

  #addIndexes(): readonly string[] {
    return this.#of("index-added").map(({ table, index }) =>
      createIndex(index, table, this.#schema),
    );
  }

  #addForeignKeys(rebuilt: readonly OwnedKey[]): readonly string[] {
    return [
      ...this.#of("table-added").flatMap(({ table }) =>
        table.foreignKeys.map((key) =>
          this.#alter(table.name, `ADD ${foreignKeyClause(key, this.#schema)}`),
        ),
      ),
      ...this.#of("foreign-key-added").flatMap(({ table, constraint }) =>
        this.#validated(table, constraint.name, foreignKeyClause(constraint, this.#schema)),
      ),
      ...rebuilt.flatMap(({ table, key }) => this.#restoreForeignKey(table, key)),
    ];
  }

  #restoreForeignKey(tableBefore: string, key: ForeignKey): readonly string[] {
    const table = this.#names.tableAfter(tableBefore);
    const name = this.#names.constraintAfter(table, key.name);
    const after = this.#after.tables
      .get(table)
      ?.foreignKeys.find((candidate) => candidate.name === name);
    return after ? this.#validated(table, name, foreignKeyClause(after, this.#schema)) : [];
  }

  /** New rows are checked at once; those that are there in a step of its own, which lets others write. */
  #validated(table: string, name: string, clause: string): readonly string[] {
    return [
      this.#alter(table, `ADD ${clause} NOT VALID`),
      this.#alter(table, `VALIDATE CONSTRAINT ${quoteIdentifier(name)}`),
    ];
  }
}
