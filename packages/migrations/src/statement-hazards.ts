import type { AlterTableCmd, Node } from "libpg-query";
import type { StatementHazard } from "./migration-file.ts";

type AlterTable = Extract<Node, { AlterTableStmt: unknown }>;

/**
 * The locks and dangers that a statement's text alone shows. Not a linter: tables that the same file creates are left
 * out by the caller's eye, and a function can hide anything.
 */
export function statementHazards(
  node: Node,
  outside: string | undefined,
): readonly StatementHazard[] {
  if (outside !== undefined) {
    return [
      {
        kind: "outside-transaction",
        message: `${outside} runs outside of a transaction: a failure leaves what was done before.`,
      },
    ];
  }
  if ("AlterTableStmt" in node) return alterTable(node);
  if ("RenameStmt" in node) return [blocksAll("a rename")];
  if ("DropStmt" in node) return drop(node.DropStmt.removeType);
  return otherHazards(node);
}

function otherHazards(node: Node): readonly StatementHazard[] {
  if ("IndexStmt" in node) {
    return [
      {
        kind: "blocks-writes",
        message: "CREATE INDEX blocks writes to the table while it builds; CONCURRENTLY does not.",
      },
    ];
  }
  if ("TruncateStmt" in node)
    return [blocksAll("TRUNCATE"), deletes("TRUNCATE removes every row.")];
  if ("DeleteStmt" in node) return [deletes("DELETE removes rows.")];
  if ("ClusterStmt" in node) return [blocksAll("CLUSTER"), rewrites("CLUSTER")];
  if ("VacuumStmt" in node || "SelectStmt" in node) return [];
  if ("ReindexStmt" in node) {
    return [
      {
        kind: "blocks-writes",
        message: "REINDEX blocks writes to the table; CONCURRENTLY does not.",
      },
    ];
  }
  if ("LockStmt" in node)
    return [
      {
        kind: "blocks-reads-and-writes",
        message: "LOCK TABLE holds its lock until the file ends.",
      },
    ];
  if ("CreateTrigStmt" in node)
    return [
      {
        kind: "blocks-writes",
        message: "CREATE TRIGGER blocks writes to the table until the file ends.",
      },
    ];
  return "RefreshMatViewStmt" in node && !node.RefreshMatViewStmt.concurrent
    ? [blocksAll("REFRESH MATERIALIZED VIEW")]
    : [];
}

function drop(type: string | undefined): readonly StatementHazard[] {
  if (type === "OBJECT_TABLE") {
    return [blocksAll("DROP TABLE"), deletes("DROP TABLE removes the table and its rows.")];
  }
  if (type === "OBJECT_SCHEMA") return [deletes("DROP SCHEMA removes what is in it.")];
  return type === "OBJECT_INDEX" ? [blocksAll("DROP INDEX (CONCURRENTLY does not)")] : [];
}

function alterTable(node: AlterTable): readonly StatementHazard[] {
  if (node.AlterTableStmt.objtype !== "OBJECT_TABLE") return [];
  const commands = (node.AlterTableStmt.cmds ?? []).flatMap((command) =>
    "AlterTableCmd" in command ? [command.AlterTableCmd] : [],
  );
  const validates = commands.every((command) => command.subtype === "AT_ValidateConstraint");
  return [
    ...(validates ? [] : [blocksAll("ALTER TABLE")]),
    ...commands.flatMap((command) => alterTableCommand(command)),
  ];
}

function alterTableCommand({ subtype, name = "", def }: AlterTableCmd): readonly StatementHazard[] {
  if (subtype === "AT_DropColumn") return [deletes(`DROP COLUMN ${name} removes its values.`)];
  if (subtype === "AT_AlterColumnType") return [rewrites("A change of type")];
  if (subtype === "AT_SetNotNull") return [scans("SET NOT NULL")];
  const validates = def && "Constraint" in def && !def.Constraint.skip_validation;
  return subtype === "AT_AddConstraint" && validates
    ? [scans("A constraint without NOT VALID")]
    : [];
}

function blocksAll(what: string): StatementHazard {
  return {
    kind: "blocks-reads-and-writes",
    message: `${what} blocks reads and writes of the table until the file ends.`,
  };
}

function scans(what: string): StatementHazard {
  return {
    kind: "blocks-reads-and-writes",
    message: `${what} reads the whole table while it is locked.`,
  };
}

function rewrites(what: string): StatementHazard {
  return { kind: "rewrites-table", message: `${what} may write the whole table anew.` };
}

function deletes(message: string): StatementHazard {
  return { kind: "deletes-data", message };
}
