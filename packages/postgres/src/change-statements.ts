import { diffRegistries, type Registry } from "@ctb-data/registry";
import { ChangePlan } from "./change-plan.ts";
import { withOriginalParts } from "./original-parts.ts";

/** The statements that take a database from one registry to another, in one transaction: those of `changesSql`, one by one. */
export function changeStatements(before: Registry, after: Registry): readonly string[] {
  const changes = withOriginalParts(diffRegistries(before, after), before);
  return new ChangePlan(changes, { before, after }).statements();
}
