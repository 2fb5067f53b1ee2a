import type { Node } from "libpg-query";
import type { DroppedObject, ObjectName } from "./migration-file.ts";

/** The tables, columns and schemas whose rows a statement would throw away, as far as its text says. */
export function droppedObjects(node: Node): readonly DroppedObject[] {
  if ("DropStmt" in node)
    return dropStatement(node.DropStmt.objects ?? [], node.DropStmt.removeType);
  if ("TruncateStmt" in node) {
    return (node.TruncateStmt.relations ?? []).flatMap((relation) => rowsOf(relation));
  }
  if ("DeleteStmt" in node && !node.DeleteStmt.whereClause && !node.DeleteStmt.usingClause) {
    return node.DeleteStmt.relation ? rowsOf({ RangeVar: node.DeleteStmt.relation }) : [];
  }
  return "AlterTableStmt" in node ? droppedColumns(node) : [];
}

function dropStatement(
  objects: readonly Node[],
  type: string | undefined,
): readonly DroppedObject[] {
  if (type === "OBJECT_TABLE") {
    return objects.flatMap((object) => {
      const table = objectName(object);
      return table ? [{ kind: "table", table } as const] : [];
    });
  }
  if (type !== "OBJECT_SCHEMA") return [];
  return objects.flatMap((object) =>
    "String" in object && object.String.sval
      ? [{ kind: "schema", table: { name: object.String.sval } } as const]
      : [],
  );
}

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

/** `schema.name` as DROP has it: a list of strings. */
function objectName(object: Node): ObjectName | undefined {
  if (!("List" in object)) return undefined;
  const parts = (object.List.items ?? []).flatMap((item) =>
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
