import { BackupError } from "../backup-error.ts";
import type { SchemaExport, SchemaObject } from "./schema-object.ts";

/** What it takes to make one table, in order. */
export interface TableObjects {
  readonly preData: readonly SchemaObject[];
  readonly postData: readonly SchemaObject[];
  /** The table and its partitions: those whose rows belong to it. */
  readonly tables: readonly { readonly schema: string; readonly name: string }[];
  /** Ids of what belongs to the table but needs other tables, as foreign keys to them. */
  readonly leftOut: readonly string[];
}

const tableKinds = new Set(["table", "foreign table"]);

/**
 * What a single table needs: its types, functions, sequences, the tables it inherits from; then what belongs to it, as far as that
 * needs no further table. A partitioned table comes with its partitions.
 *
 * @throws {BackupError} NOT_FOUND when there is no such table.
 */
export function objectsForTable(
  { preData, postData }: Pick<SchemaExport, "preData" | "postData">,
  schema: string,
  table: string,
): TableObjects {
  const all = [...preData, ...postData];
  const byId = new Map(all.map((object) => [object.id, object]));
  const start = preData.find(
    ({ kind, schema: s, name }) => tableKinds.has(kind) && s === schema && name === table,
  );
  if (start === undefined) {
    throw new BackupError("NOT_FOUND", `The backup has no table ${schema}.${table}.`);
  }
  const tables = withPartitions(start, preData);
  const needed = closureOf([...tables], byId);
  const leftOut: string[] = [];
  const own = new Set([...tables].flatMap((id) => byId.get(id) ?? []).map(keyOf));
  for (const object of all) {
    if (object.table === undefined || needed.has(object.id) || !own.has(keyOf(object))) continue;
    const closure = closureOf([object.id], byId);
    const others = [...closure].filter((id) => tableKinds.has(byId.get(id)?.kind ?? ""));
    if (others.every((id) => needed.has(id))) for (const id of closure) needed.add(id);
    else leftOut.push(object.id);
  }
  const isNeeded = ({ id }: SchemaObject): boolean => needed.has(id);
  return {
    preData: preData.filter(isNeeded),
    postData: postData.filter(isNeeded),
    tables: [...tables].flatMap((id) => byId.get(id)?.table ?? []),
    leftOut,
  };
}

/** The ids of a table and of everything that is attached to it, at any depth. */
function withPartitions(
  start: SchemaObject,
  preData: readonly SchemaObject[],
): ReadonlySet<string> {
  const attachments = preData.filter(({ kind }) => kind === "partition");
  const byTable = new Map(
    preData.filter(({ kind }) => tableKinds.has(kind)).map((object) => [keyOf(object), object.id]),
  );
  const ids = new Set([start.id]);
  for (const id of ids) {
    for (const attachment of attachments) {
      const child = byTable.get(keyOf(attachment));
      if (child !== undefined && child !== id && attachment.dependsOn?.includes(id) === true)
        ids.add(child);
    }
  }
  return ids;
}

function keyOf({ schema, name, table }: SchemaObject): string {
  return JSON.stringify(table === undefined ? [schema, name] : [table.schema, table.name]);
}

function closureOf(ids: readonly string[], byId: ReadonlyMap<string, SchemaObject>): Set<string> {
  const closure = new Set(ids);
  // A set that grows is walked to its new end.
  for (const id of closure) for (const need of byId.get(id)?.dependsOn ?? []) closure.add(need);
  return closure;
}
