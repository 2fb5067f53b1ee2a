import type { DefElem, Node } from "libpg-query";
import type { ConcurrentBuild, ObjectName } from "./migration-file.ts";

/**
 * Why a statement cannot run inside a transaction block, as a name for it: `CREATE INDEX CONCURRENTLY`. Undefined when it
 * can. What only the server knows (REINDEX of a partitioned table, a procedure that commits) is found when it runs.
 */
export function outsideTransaction(node: Node): string | undefined {
  if ("IndexStmt" in node)
    return node.IndexStmt.concurrent ? "CREATE INDEX CONCURRENTLY" : undefined;
  if ("DropStmt" in node) return node.DropStmt.concurrent ? "DROP INDEX CONCURRENTLY" : undefined;
  if ("ReindexStmt" in node) return reindex(node);
  if ("VacuumStmt" in node) return node.VacuumStmt.is_vacuumcmd ? "VACUUM" : undefined;
  if ("ClusterStmt" in node)
    return node.ClusterStmt.relation ? undefined : "CLUSTER of every table";
  if ("AlterTableStmt" in node) return detachPartition(node);
  if ("AlterDatabaseStmt" in node) {
    return hasOption(node.AlterDatabaseStmt.options, "tablespace")
      ? "ALTER DATABASE … SET TABLESPACE"
      : undefined;
  }
  if ("CreateSubscriptionStmt" in node)
    return createSubscription(node.CreateSubscriptionStmt.options);
  return always(node);
}

/** Never inside a transaction. */
function always(node: Node): string | undefined {
  if ("AlterSystemStmt" in node) return "ALTER SYSTEM";
  if ("CreatedbStmt" in node) return "CREATE DATABASE";
  if ("DropdbStmt" in node) return "DROP DATABASE";
  if ("CreateTableSpaceStmt" in node) return "CREATE TABLESPACE";
  if ("DropTableSpaceStmt" in node) return "DROP TABLESPACE";
  return undefined;
}

/**
 * True for a statement that may or may not need to run outside of a transaction: only its own text, which is hidden in
 * a function or a procedure, can tell. In a file without a transaction it runs bare.
 */
export function mayEndTransaction(node: Node): boolean {
  return (
    "CallStmt" in node ||
    "DoStmt" in node ||
    "DropSubscriptionStmt" in node ||
    "AlterSubscriptionStmt" in node
  );
}

/** What a failed statement would leave invalid. */
export function concurrentBuild(node: Node): ConcurrentBuild | undefined {
  if ("IndexStmt" in node && node.IndexStmt.concurrent) {
    const { idxname: index, relation } = node.IndexStmt;
    const table: ObjectName | undefined = relation?.relname
      ? { name: relation.relname, ...(relation.schemaname && { schema: relation.schemaname }) }
      : undefined;
    return { kind: "create", ...(index && { index }), ...(table && { table }) };
  }
  if ("ReindexStmt" in node && hasOption(node.ReindexStmt.params, "concurrently"))
    return { kind: "reindex" };
  return undefined;
}

function reindex(node: Extract<Node, { ReindexStmt: unknown }>): string | undefined {
  if (hasOption(node.ReindexStmt.params, "concurrently")) return "REINDEX CONCURRENTLY";
  return wholeReindex[node.ReindexStmt.kind ?? ""];
}

const wholeReindex: Readonly<Record<string, string>> = {
  REINDEX_OBJECT_SCHEMA: "REINDEX SCHEMA",
  REINDEX_OBJECT_SYSTEM: "REINDEX SYSTEM",
  REINDEX_OBJECT_DATABASE: "REINDEX DATABASE",
};

function detachPartition(node: Extract<Node, { AlterTableStmt: unknown }>): string | undefined {
  const concurrent = (node.AlterTableStmt.cmds ?? []).some(
    (command) =>
      "AlterTableCmd" in command &&
      command.AlterTableCmd.def !== undefined &&
      "PartitionCmd" in command.AlterTableCmd.def &&
      command.AlterTableCmd.def.PartitionCmd.concurrent === true,
  );
  return concurrent ? "DETACH PARTITION CONCURRENTLY" : undefined;
}

/** It makes a replication slot on the other server unless it is told not to. */
function createSubscription(options: readonly Node[] | undefined): string | undefined {
  const off = ["create_slot", "connect"].some((name) =>
    /^(false|off|0)$/.test(optionText(options, name) ?? ""),
  );
  return off ? undefined : "CREATE SUBSCRIPTION";
}

function optionText(options: readonly Node[] | undefined, name: string): string | undefined {
  const arg = findOption(options, name)?.arg;
  if (arg && "String" in arg) return arg.String.sval;
  if (arg && "Boolean" in arg) return String(arg.Boolean.boolval ?? false);
  return arg && "Integer" in arg ? String(arg.Integer.ival ?? 0) : undefined;
}

function hasOption(options: readonly Node[] | undefined, name: string): boolean {
  const option = findOption(options, name);
  return option !== undefined && !/^(false|off|0)$/.test(optionText(options, name) ?? "");
}

function findOption(options: readonly Node[] | undefined, name: string): DefElem | undefined {
  for (const option of options ?? []) {
    if ("DefElem" in option && option.DefElem.defname === name) return option.DefElem;
  }
  return undefined;
}
