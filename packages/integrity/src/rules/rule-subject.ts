import type { FindingKind, Severity } from "../finding.ts";
import type { RuleSubject } from "../rows/row-rule.ts";

/** What a subject is made of. */
export interface SubjectFacts {
  readonly kind: FindingKind;
  /** Default `error`. */
  readonly severity?: Severity;
  readonly table: string;
  readonly columns: readonly string[];
  readonly hidden: boolean;
  readonly constraint?: string;
  /** What the rows have, for one of them: `have no amount` is `["has no amount", "have no amount"]`. */
  readonly says: readonly [one: string, many: string];
  /** Set apart where one column has two findings of a kind. */
  readonly suffix?: string;
}

/** The subject of a rule: `null:orders.amount`, and a sentence with the count. */
export function subjectOf(facts: SubjectFacts): RuleSubject {
  const { kind, severity = "error", table, columns, hidden, constraint, says, suffix = "" } = facts;
  return {
    id: `${kind}:${table}.${constraint ?? columns.join(",")}${suffix}`,
    kind,
    severity,
    columns,
    ...(constraint !== undefined && { constraint }),
    message: (count) =>
      count === 1
        ? `1 row of ${table} ${says[0]}.`
        : `${count.toLocaleString("en-US")} rows of ${table} ${says[1]}.`,
    hidden,
  };
}

/** `has a value of name that is …`, in the singular and the plural. */
export function valueSays(column: string, what: string): readonly [string, string] {
  const rest = `a value of ${column} that ${what}`;
  return [`has ${rest}`, `have ${rest}`];
}
