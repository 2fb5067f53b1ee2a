import { quoteIdentifier, type Catalog } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import type { Finding, FindingKind, FixStrategy, PlannedFix } from "../finding.ts";
import type { TableScan } from "../rows/row-rule.ts";
import { brokenOf, brokenRowsSql, clearingOf, type Broken } from "./broken-rows-sql.ts";
import { quarantineTable } from "./fix-tables.ts";
import { guardOf, type Guard } from "./guard.ts";

/** What a plan is made from. */
export interface PlanContext {
  readonly strategy: FixStrategy;
  readonly registry: Registry;
  /** What the live database has. */
  readonly catalog: Catalog;
  /** The scan that the finding came from; undefined for what is about the schema. */
  readonly scan?: TableScan | undefined;
  /** Whether there is a keyring: without one nothing is encrypted. */
  readonly keyring: boolean;
}

const rowKinds: ReadonlySet<FindingKind> = new Set([
  "orphan", "duplicate", "null", "length", "range", "pattern", "format", "enum", "check", "invalid_value", "undecryptable",
]); // prettier-ignore
const sealedKinds: ReadonlySet<FindingKind> = new Set(["clear_text", "blind_index"]);
const schemaKinds: ReadonlySet<FindingKind> = new Set([
  "constraint_missing", "constraint_not_validated", "constraint_disabled",
]); // prettier-ignore

/**
 * What `fix` would do about a finding in PostgreSQL, dependents aside: they are known only when it is about to be done. Undefined where
 * it can do nothing: a ciphertext of a key that is not there moves no row, and drift of the schema is the business of migrations.
 */
export function planFix(finding: Finding, context: PlanContext): PlannedFix | undefined {
  if (finding.store !== "postgres" || finding.table === undefined) return undefined;
  const guard = guardOf(finding, { ...context, broken: finding.count > 0 });
  if (schemaKinds.has(finding.kind)) {
    // What says what a person can do has its reasons: another constraint has the name, for example.
    const forPeople = finding.fix === undefined && finding.advice !== undefined;
    if (forPeople || guard.statements.length === 0) return undefined;
    return {
      summary: `${guardVerb(finding.kind)} ${finding.constraint ?? "a constraint"} of ${finding.table}.`,
      statements: guard.statements,
    };
  }
  const broken = context.scan && brokenOf(context.scan, finding.id);
  if (!broken) return undefined;
  if (sealedKinds.has(finding.kind)) return context.keyring ? sealedPlan(finding) : undefined;
  if (!rowKinds.has(finding.kind)) return undefined;
  const { summary, statements } = rowPlan(finding, broken, context);
  return {
    summary: guard.statements.length === 0 ? summary : `${summary} ${guardSentence(guard)}`,
    statements: [...statements, ...guard.statements],
  };
}

function guardVerb(kind: FindingKind): string {
  if (kind === "constraint_missing") return "Adds";
  return kind === "constraint_not_validated" ? "Validates" : "Makes anew";
}

function guardSentence({ statements }: Guard): string {
  return statements.some((statement) => statement.includes(" VALIDATE "))
    ? "Then its constraint is validated."
    : "Then a constraint keeps it from coming back.";
}

function sealedPlan({ kind, table = "", columns = [], count }: Finding): PlannedFix {
  const where = `${table}.${columns.join(", ")}`;
  const summary =
    kind === "clear_text"
      ? `Encrypts ${many(count, "value")} of ${where} in place, the blind index too where there is one.`
      : `Computes the blind index ${where} of ${many(count, "row")} anew.`;
  return { summary, statements: [`-- ${summary}`] };
}

/** The statements about the finding's own rows, as they could be run by hand. */
export function rowPlan(finding: Finding, broken: Broken, context: PlanContext): PlannedFix {
  const { strategy, scan } = context;
  const table = scan?.table ?? "";
  const where = whereOf(broken, scan);
  const rows = `${many(finding.count, "row")} of ${finding.table ?? ""}`;
  const clearing =
    strategy === "set-null" ? clearingOf(broken, clearableOf(finding, context)) : undefined;
  const kept = `-- keeps ${rows} as they are in ${quarantineTable}`;
  if (clearing) {
    const sets = clearing.columns.map((name) => `${quoteIdentifier(name)} = NULL`).join(", ");
    return {
      summary: `Empties ${clearing.columns.join(", ")} in ${rows}.`,
      statements: [kept, `UPDATE ${table} t SET ${sets} ${where}`],
    };
  }
  const moves = strategy === "delete" ? `Deletes ${rows}.` : `Moves ${rows} to ${quarantineTable}.`;
  return {
    summary:
      strategy === "set-null"
        ? `${moves.slice(0, -1)}, since ${(finding.columns ?? []).join(", ")} may not be empty.`
        : moves,
    statements: [kept, `DELETE FROM ${table} t ${where}`],
  };
}

function whereOf(broken: Broken, scan: TableScan | undefined): string {
  const condition = scan && brokenRowsSql(scan, broken);
  if (condition !== undefined) return `WHERE ${condition}`;
  return "rule" in broken && "reads" in broken.rule
    ? `WHERE ${broken.rule.reads} /* and the model refuses it */`
    : "";
}

function clearableOf({ table }: Finding, { registry, catalog }: PlanContext): ReadonlySet<string> {
  const live = catalog.tables.find(
    ({ schema, name }) => schema === registry.schema && name === table,
  );
  const known = registry.tables.get(table ?? "");
  return new Set(
    (live?.columns ?? [])
      .filter(({ name, nullable, generated }) => {
        return nullable && generated === undefined && known?.columns.get(name)?.nullable !== false;
      })
      .map(({ name }) => name),
  );
}

function many(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}
