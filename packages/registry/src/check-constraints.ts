import { checkName } from "./check-name.ts";
import { checkShape, describe } from "./check-shape.ts";
import { quoted, suggestion } from "./problem.ts";
import type {
  CheckDraft,
  ColumnDraft,
  KeyDraft,
  ReferenceDraft,
  RegistryChecking,
} from "./registry-draft.ts";
import { checkSchema, foreignKeySchema, referenceSchema, uniqueSchema } from "./registry-schema.ts";
import { columnsIn, readSql } from "./sql-expression.ts";
import {
  childOf,
  isMapAt,
  itemsOf,
  textAt,
  type Located,
  type LocatedMap,
  type Spot,
} from "./yaml-node.ts";

/** The table whose parts are checked. */
export interface PartOf {
  readonly name: string;
  readonly columns: ReadonlyMap<string, ColumnDraft>;
  /** A column could not be read, so that an unknown name may be its. */
  readonly incomplete: boolean;
  readonly checking: RegistryChecking;
}

/** PostgreSQL's INDEX_MAX_KEYS. */
const maxKeyColumns = 32;

/** The names in a name or a list of names. */
export function namesOf(
  at: Located,
  { problems }: Pick<RegistryChecking, "problems">,
): readonly string[] {
  return itemsOf(at).flatMap((item) => {
    const name = textAt(item);
    if (name === undefined) {
      problems.error(
        item,
        "wrong-value",
        `must be the name of a column, not ${describe(item.node)}`,
      );
      return [];
    }
    return [name];
  });
}

/** Reports names that are no columns of the table, or that come twice. */
export function checkColumnNames(
  names: readonly string[],
  spot: Spot,
  { columns, incomplete, checking }: PartOf,
): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name))
      checking.problems.error(spot, "duplicate-name", `the column ${quoted(name)} is here twice`);
    seen.add(name);
    if (columns.has(name) || incomplete) continue;
    checking.problems.error(
      spot,
      "unknown-name",
      `the table has no column ${quoted(name)}${suggestion(name, columns.keys())}`,
    );
  }
  checkKeyLength(names.length, spot, checking);
}

/** Reports a key of more columns and expressions than PostgreSQL allows, and says whether it is good. */
export function checkKeyLength(
  length: number,
  spot: Spot,
  { problems }: Pick<RegistryChecking, "problems">,
): boolean {
  if (length <= maxKeyColumns) return true;
  const message = `these are ${length} columns, PostgreSQL allows ${maxKeyColumns}`;
  problems.error(spot, "too-large", message);
  return false;
}

/** Reports columns of a key whose values PostgreSQL cannot compare. */
export function checkComparable(key: KeyDraft, what: string, { columns, checking }: PartOf): void {
  for (const name of key.columns) {
    if (columns.get(name)?.column.type.name !== "json") continue;
    checking.problems.error(
      key.spot,
      "conflict",
      `the column ${quoted(name)} cannot be in ${what}, because json values cannot be compared`,
      "use jsonb",
    );
  }
}

/** Checks the name that a file gives to a constraint. */
export function ownName(at: LocatedMap, { checking }: PartOf): string | undefined {
  const spot = childOf(at, "name");
  const name = textAt(spot);
  if (spot === undefined || name === undefined) return undefined;
  return checkName(name, spot, checking.problems) ? name : undefined;
}

/** The unique constraints of a table or mixin: a column, or a list of lists of columns. */
export function uniquesOf(holder: LocatedMap, part: PartOf): readonly KeyDraft[] {
  const at = childOf(holder, "unique");
  if (at === undefined) return [];
  const items = itemsOf(at);
  const names = items.map((item) => textAt(item)).filter((name) => name !== undefined);
  if (names.length > 1) {
    const [pair, each] = [`[[${names.join(", ")}]]`, names.map((name) => `[${name}]`).join(", ")];
    part.checking.problems.error(
      at,
      "conflict",
      "it is not clear whether this is one constraint or several",
      `write ${pair} for one, or [${each}] for ${names.length}`,
    );
    return [];
  }
  return items.flatMap((item) => {
    const draft = uniqueOf(item, part);
    if (draft === undefined) return [];
    checkColumnNames(draft.columns, draft.spot, part);
    return [draft];
  });
}

function uniqueOf(at: Located, part: PartOf): KeyDraft | undefined {
  if (!isMapAt(at)) {
    const columns = namesOf(at, part.checking);
    return columns.length === 0 ? undefined : { name: undefined, columns, spot: at };
  }
  const data = checkShape(uniqueSchema, at, part.checking);
  if (data === undefined) return undefined;
  return { name: ownName(at, part), columns: listOf(data.columns), spot: at };
}

function listOf(names: string | readonly string[]): readonly string[] {
  return typeof names === "string" ? [names] : names;
}

/** The checks of a table or mixin. */
export function checksOf(holder: LocatedMap, part: PartOf): readonly CheckDraft[] {
  const at = childOf(holder, "checks");
  if (at === undefined) return [];
  return itemsOf(at).flatMap((item) => {
    const check = checkOf(item, part);
    return check === undefined ? [] : [check];
  });
}

function checkOf(at: Located, part: PartOf): CheckDraft | undefined {
  const { problems } = part.checking;
  const data = isMapAt(at)
    ? checkShape(checkSchema, at, part.checking)
    : { expression: textAt(at) };
  if (data === undefined) return undefined;
  const spot = isMapAt(at) ? (childOf(at, "expression") ?? at) : at;
  if (data.expression === undefined) {
    problems.error(at, "wrong-value", `must be an SQL expression, not ${describe(at.node)}`);
    return undefined;
  }
  const mentioned = columnsOfSql(data.expression, spot, part);
  if (mentioned === undefined) return undefined;
  const name = isMapAt(at) ? ownName(at, part) : undefined;
  return { name, expression: data.expression, columns: mentioned, spot: at };
}

/** The columns that an SQL expression mentions; reports what is wrong with it. */
export function columnsOfSql(sql: string, spot: Spot, part: PartOf): readonly string[] | undefined {
  const read = sql.trim() === "" ? { fault: "it is empty" } : readSql(sql);
  if ("tokens" in read) return columnsIn(read.tokens, part.columns);
  part.checking.problems.error(spot, "invalid-sql", `this is not an SQL expression: ${read.fault}`);
  return undefined;
}

/** The constraints that stand at columns: `unique`, `check`, `references`. */
export function columnConstraints(part: PartOf): {
  readonly uniques: readonly KeyDraft[];
  readonly checks: readonly CheckDraft[];
  readonly references: readonly ReferenceDraft[];
} {
  const uniques: KeyDraft[] = [];
  const checks: CheckDraft[] = [];
  const references: ReferenceDraft[] = [];
  for (const { at, data, column } of part.columns.values()) {
    if (column.blindIndexOf !== undefined) continue;
    const { unique, check, references: reference } = data;
    const spot = (key: string) => childOf(at, key) ?? at;
    if (unique === true) {
      const name = column.encryption?.blindIndex?.column ?? column.name;
      uniques.push({ name: undefined, columns: [name], spot: spot("unique") });
    }
    if (check !== undefined) {
      const draft = checkOf(spot("check"), part);
      if (draft !== undefined) checks.push(draft);
    }
    if (reference !== undefined)
      references.push(referenceOf(spot("references"), column.name, part));
  }
  return { uniques, checks, references };
}

function referenceOf(at: Located, column: string, part: PartOf): ReferenceDraft {
  const base = { columns: [column], spot: at };
  const text = textAt(at);
  if (text !== undefined || !isMapAt(at)) {
    return {
      ...base,
      name: undefined,
      target: text ?? "",
      onDelete: "no action",
      onUpdate: "no action",
    };
  }
  // Its shape was checked with the column.
  const data = referenceSchema.safeParse(
    Object.fromEntries([...at.node.entries].map(([key]) => [key, textAt(childOf(at, key))])),
  ).data;
  return {
    ...base,
    name: ownName(at, part),
    target: { table: data?.table ?? "", columns: data?.column === undefined ? [] : [data.column] },
    onDelete: data?.on_delete ?? "no action",
    onUpdate: data?.on_update ?? "no action",
  };
}

/** The foreign keys of a table or mixin. */
export function referencesOf(holder: LocatedMap, part: PartOf): readonly ReferenceDraft[] {
  const at = childOf(holder, "fk");
  if (at === undefined) return [];
  return itemsOf(at).flatMap((item): readonly ReferenceDraft[] => {
    const actions = { onDelete: "no action", onUpdate: "no action" } as const;
    const text = textAt(item);
    if (text !== undefined) {
      return [{ name: undefined, columns: undefined, target: text, spot: item, ...actions }];
    }
    if (!isMapAt(item)) {
      part.checking.problems.error(
        item,
        "wrong-value",
        `must be other_table.column, not ${describe(item.node)}`,
      );
      return [];
    }
    const data = checkShape(foreignKeySchema, item, part.checking);
    if (data === undefined) return [];
    const columns = listOf(data.columns);
    checkColumnNames(columns, item, part);
    return [
      {
        name: ownName(item, part),
        columns,
        target: {
          table: data.table,
          columns: data.references === undefined ? columns : listOf(data.references),
        },
        spot: item,
        onDelete: data.on_delete ?? "no action",
        onUpdate: data.on_update ?? "no action",
      },
    ];
  });
}
