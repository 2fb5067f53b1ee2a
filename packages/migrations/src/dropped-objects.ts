import type { DropStmt, Node, ObjectType } from "libpg-query";
import type { DroppedObject, ObjectName } from "./migration-file.ts";

/** The tables, columns and schemas whose rows a statement would throw away, as far as its text says. */
export function droppedObjects(node: Node): readonly DroppedObject[] {
  if ("DropStmt" in node) return dropStatement(node.DropStmt);
  if ("TruncateStmt" in node) {
    const { relations = [], behavior } = node.TruncateStmt;
    const drops = relations.flatMap((relation) => rowsOf(relation));
    return behavior === "DROP_CASCADE" ? drops.map((drop) => ({ ...drop, cascade: true })) : drops;
  }
  if ("DeleteStmt" in node && !node.DeleteStmt.whereClause && !node.DeleteStmt.usingClause) {
    return node.DeleteStmt.relation ? rowsOf({ RangeVar: node.DeleteStmt.relation }) : [];
  }
  return "AlterTableStmt" in node ? droppedColumns(node) : [];
}

function dropStatement({ objects = [], removeType, behavior }: DropStmt): readonly DroppedObject[] {
  const kind = removeType && droppedKinds[removeType];
  // Without CASCADE the server refuses to drop a type that columns have.
  const keepsColumns = (kind === "type" || kind === "extension") && behavior !== "DROP_CASCADE";
  if (!kind || keepsColumns) return [];
  return objects.flatMap((object) => {
    const table = objectName(object);
    return table ? [{ kind, table }] : [];
  });
}

const droppedKinds: Readonly<Partial<Record<ObjectType, DroppedObject["kind"]>>> = {
  OBJECT_TABLE: "table",
  OBJECT_SCHEMA: "schema",
  OBJECT_TYPE: "type",
  OBJECT_DOMAIN: "type",
  OBJECT_EXTENSION: "extension",
};

function droppedColumns(
  node: Extract<Node, { AlterTableStmt: unknown }>,
): readonly DroppedObject[] {
  const { relation, cmds = [], objtype } = node.AlterTableStmt;
  const table = relation && rangeName(relation);
  if (!table || objtype !== "OBJECT_TABLE") return [];
  return cmds.flatMap((command) =>
    "AlterTableCmd" in command &&
    command.AlterTableCmd.subtype === "AT_DropColumn" &&
    command.AlterTableCmd.name
      ? [{ kind: "column", table, column: command.AlterTableCmd.name } as const]
      : [],
  );
}

function rowsOf(relation: Node): readonly DroppedObject[] {
  const table = "RangeVar" in relation ? rangeName(relation.RangeVar) : undefined;
  return table ? [{ kind: "rows", table }] : [];
}

/** `schema.name` as DROP has it: a string, or a list of them, bare or in the name of a type. */
function objectName(object: Node): ObjectName | undefined {
  const items =
    "List" in object ? object.List.items : "TypeName" in object ? object.TypeName.names : [object];
  const parts = (items ?? []).flatMap((item) =>
    "String" in item && item.String.sval ? [item.String.sval] : [],
  );
  const name = parts.at(-1);
  const schema = parts.at(-2);
  return name === undefined ? undefined : { name, ...(schema !== undefined && { schema }) };
}

function rangeName(relation: {
  readonly schemaname?: string;
  readonly relname?: string;
}): ObjectName | undefined {
  const { relname: name, schemaname: schema } = relation;
  return name ? { name, ...(schema && { schema }) } : undefined;
}
