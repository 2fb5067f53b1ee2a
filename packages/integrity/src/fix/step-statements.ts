import type { Broken } from "./broken-rows-sql.ts";
import type { Guard } from "./guard.ts";
import type { TableCount } from "./move-rows.ts";
import { planFix } from "./plan-fix.ts";
import type { FixSession, StepTarget } from "./step-target.ts";

/** The statements of a step for a report: those of the plan, and what else goes with the rows, as comments. */
export function stepStatements({
  session,
  target: { finding, scan },
  guard,
  counts,
}: {
  readonly session: FixSession;
  readonly target: StepTarget;
  readonly guard: Guard;
  readonly broken: Broken | undefined;
  readonly counts: readonly TableCount[];
}): readonly string[] {
  const { strategy, registry, catalog, keyring } = session;
  const plan = planFix(finding, {
    strategy,
    registry,
    catalog,
    scan,
    keyring: keyring !== undefined,
  });
  const own = (plan?.statements ?? []).filter((statement) => !isOfGuard(statement));
  const rows = counts.reduce((sum, { gone, changed }) => sum + gone + changed, 0);
  const dependents = counts
    .filter((count) => count.dependents > 0)
    .map(
      (count) =>
        `-- with them ${count.dependents.toLocaleString("en-US")} ${count.dependents === 1 ? "row" : "rows"} of ${count.table.place} that ${count.dependents === 1 ? "refers" : "refer"} to them`,
    );
  return [...(rows > 0 ? own : []), ...dependents, ...guard.statements];
}

function isOfGuard(statement: string): boolean {
  return /^(ALTER|CREATE|DROP|REINDEX) /.test(statement);
}
