import type { RegistryChange } from "@ctb-data/registry";

/** What things were called before, by what they are called after. */
export class ChangeNames {
  readonly #tables = new Map<string, string>();
  readonly #tablesAfter = new Map<string, string>();
  readonly #columns = new Map<string, Map<string, string>>();
  readonly #columnsBefore = new Map<string, Map<string, string | undefined>>();
  readonly #constraints = new Map<string, Map<string, string>>();

  constructor(changes: readonly RegistryChange[]) {
    for (const change of changes) {
      if (change.kind === "table-renamed") {
        this.#tables.set(change.to, change.from);
        this.#tablesAfter.set(change.from, change.to);
      }
      if (change.kind === "column-renamed") {
        entry(this.#columns, change.table).set(change.from, change.to);
        entry(this.#columnsBefore, change.table).set(change.to, change.from);
      }
      if (change.kind === "column-added")
        entry(this.#columnsBefore, change.table).set(change.column.name, undefined);
      if (change.kind === "constraint-renamed") {
        entry(this.#constraints, change.table).set(change.from, change.to);
      }
    }
  }

  /** The name that a table of afterwards has before. */
  tableBefore(after: string): string {
    return this.#tables.get(after) ?? after;
  }

  tableAfter(before: string): string {
    return this.#tablesAfter.get(before) ?? before;
  }

  /** By the table's name after. */
  columnAfter(table: string, before: string): string {
    return this.#columns.get(table)?.get(before) ?? before;
  }

  /** By the table's name after. Undefined for a column that is new. */
  columnBefore(table: string, after: string): string | undefined {
    const columns = this.#columnsBefore.get(table);
    return columns?.has(after) === true ? columns.get(after) : after;
  }

  /** By the table's name after. */
  constraintAfter(table: string, before: string): string {
    return this.#constraints.get(table)?.get(before) ?? before;
  }
}

function entry<Value>(map: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  const known = map.get(key);
  if (known) return known;
  const made = new Map<string, Value>();
  map.set(key, made);
  return made;
}
