import type { Node, VariableSetStmt } from "libpg-query";

/** Why the runner cannot work with a statement, and what to write instead. */
export interface Forbidden {
  readonly reason: string;
  readonly hint: string;
}

/**
 * Statements that would take away what the runner needs: its lock, the meaning of the text it has parsed, or between
 * two statements of a file without a transaction the right to write the history.
 */
export function forbiddenStatement(
  node: Node,
  { sql, transaction }: { readonly sql: string; readonly transaction: boolean },
): Forbidden | undefined {
  if ("DiscardStmt" in node && node.DiscardStmt.target === "DISCARD_ALL") {
    return {
      reason: "DISCARD ALL releases the runner's lock",
      hint: "Leave it out: the runner resets the session after every file.",
    };
  }
  if ("VariableSetStmt" in node) {
    if (!transaction && node.VariableSetStmt.name === "session_authorization") {
      return {
        reason:
          "SET SESSION AUTHORIZATION would keep the runner from writing the history behind each statement",
        hint: "Write SET ROLE, or move it into a file with a transaction.",
      };
    }
    return forbiddenSetting(node.VariableSetStmt);
  }
  if (
    /pg_advisory_unlock_all/i.test(sql) &&
    ("DoStmt" in node || calls(node, "pg_advisory_unlock_all"))
  ) {
    return {
      reason: "pg_advisory_unlock_all() releases the runner's lock",
      hint: "Leave it out: the runner releases the file's advisory locks after every file.",
    };
  }
  return undefined;
}

function forbiddenSetting({ name, args }: VariableSetStmt): Forbidden | undefined {
  const value = literalText(args?.[0]).toLowerCase();
  if (name === "client_encoding" && value !== "" && !/^utf-?8$|^unicode$/.test(value)) {
    return {
      reason: `the file is read as UTF-8, not as ${value}`,
      hint: "Save the file as UTF-8 and leave the statement out.",
    };
  }
  if (name === "standard_conforming_strings" && /^(off|false|no|0)$/.test(value)) {
    return {
      reason: "standard_conforming_strings = off changes where the strings of this file end",
      hint: "Write strings with backslashes as E'…' and leave the statement out.",
    };
  }
  return undefined;
}

function literalText(node: Node | undefined): string {
  if (!node || !("A_Const" in node)) return "";
  const { sval, ival, boolval } = node.A_Const;
  if (sval) return sval.sval ?? "";
  if (ival) return String(ival.ival ?? 0);
  return boolval ? String(boolval.boolval ?? false) : "";
}

/** Whether the tree calls a function anywhere. Trees are plain JSON. */
function calls(node: unknown, name: string): boolean {
  if (typeof node !== "object" || node === null) return false;
  return Object.entries(node).some(([key, value]) =>
    key === "funcname" ? JSON.stringify(value).includes(`"${name}"`) : calls(value, name),
  );
}
