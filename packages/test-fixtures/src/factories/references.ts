import type { ForeignKey, Registry, Table } from "@ctb-data/registry";

/** How the columns of a foreign key get their values. */
export interface Reference {
  readonly key: ForeignKey;
  /**
   * `parent`: from a row of the other table. `self`: from the row itself. `null`: it is left null, because the
   * references go in a circle. `given`: other references have filled all of its columns in.
   */
  readonly from: "parent" | "self" | "null" | "given";
  /** What an override may call the other row: `client` for the column `client_id`, or the other table's name. */
  readonly names: readonly string[];
}

/** References of each table, those of more columns first, so that those of fewer find their columns filled in. */
export function referencesOf(registry: Registry): ReadonlyMap<string, readonly Reference[]> {
  const open = openKeys(registry);
  return new Map([...registry.tables.values()].map((table) => [table.name, ofTable(table, open)]));
}

function ofTable(table: Table, open: ReadonlySet<ForeignKey>): readonly Reference[] {
  const filled = new Set<string>();
  const names = relationNames(table);
  return table.foreignKeys
    .toSorted((a, b) => b.columns.length - a.columns.length)
    .map((key) => {
      const from = sourceOf(key, table, { open, filled });
      if (from !== "null") for (const column of key.columns) filled.add(column);
      return { key, from, names: names.get(key) ?? [] };
    });
}

function sourceOf(
  key: ForeignKey,
  table: Table,
  { open, filled }: { readonly open: ReadonlySet<ForeignKey>; readonly filled: ReadonlySet<string> },
): Reference["from"] {
  if (key.columns.every((column) => filled.has(column))) return "given";
  if (open.has(key)) return "null";
  return key.referencedTable === table.name ? "self" : "parent";
} // prettier-ignore

function isOptional(key: ForeignKey, table: Table): boolean {
  return key.columns.some((column) => table.columns.get(column)?.nullable === true);
}

/** The foreign keys that are left null so that no circle is left; a row may refer to itself where it must. */
function openKeys(registry: Registry): ReadonlySet<ForeignKey> {
  const open = new Set<ForeignKey>();
  for (const table of registry.tables.values()) {
    for (const key of table.foreignKeys) {
      const target = registry.tables.get(key.referencedTable);
      if (target === undefined || !isOptional(key, table)) continue;
      if (target === table || reaches(registry, { from: target, to: table, open })) open.add(key);
    }
  }
  return open;
}

/** Whether a table refers to another one, by whatever way, with references that are not left null. */
function reaches(
  registry: Registry,
  { from, to, open }: { readonly from: Table; readonly to: Table; readonly open: ReadonlySet<ForeignKey> },
): boolean {
  const seen = new Set<Table>([from]);
  const queue = [from];
  for (let table = queue.pop(); table !== undefined; table = queue.pop()) {
    if (table === to) return true;
    for (const key of table.foreignKeys) {
      const next = registry.tables.get(key.referencedTable);
      if (next === undefined || open.has(key) || seen.has(next)) continue;
      seen.add(next);
      queue.push(next);
    }
  }
  return false;
} // prettier-ignore

/**
 * The tables that require each other in a circle, which no row can begin: with the first table again at the end.
 * Undefined when there is none on the way from this table.
 */
export function requiredCircle(
  registry: Registry,
  references: ReadonlyMap<string, readonly Reference[]>,
  start: string,
): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const { key, from } of references.get(name) ?? []) {
      if (from !== "parent" || !registry.tables.has(key.referencedTable)) continue;
      const circle = visit(key.referencedTable, [...path, name]);
      if (circle !== undefined) return circle;
    }
    done.add(name);
    return undefined;
  };
  return visit(start, []);
}

/** The names of each reference that no column has and no other reference. */
function relationNames(table: Table): ReadonlyMap<ForeignKey, readonly string[]> {
  const wanted = new Map(table.foreignKeys.map((key) => [key, namesOf(key)]));
  const all = [...wanted.values()].flat();
  const isFree = (name: string): boolean =>
    !table.columns.has(name) && all.filter((other) => other === name).length === 1;
  return new Map([...wanted].map(([key, names]) => [key, names.filter(isFree)]));
}

function namesOf({ columns, referencedTable }: ForeignKey): readonly string[] {
  const [only, ...others] = columns;
  const stem = others.length === 0 ? /^(.+?)(?:_id|Id)$/.exec(only ?? "")?.[1] : undefined;
  return [...new Set([...(stem === undefined ? [] : [stem]), referencedTable])];
}
