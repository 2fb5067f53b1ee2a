import { IntegrityError } from "../integrity-error.ts";
import type { RuleSubject, TableScan } from "../rows/row-rule.ts";
import { brokenRowsSql, type Broken } from "./broken-rows-sql.ts";
import type { FixSession } from "./step-target.ts";
import { goneTable } from "./work-tables.ts";

/** Puts the rows that break a rule, as they are now, into the work table. */
export async function selectBrokenRows(
  { connection }: FixSession,
  { scan, broken }: { readonly scan: TableScan; readonly broken: Broken },
): Promise<void> {
  const condition = brokenRowsSql(scan, broken);
  if (condition === undefined)
    throw new IntegrityError("REFUSED", "Rules of models come with the engine of scans.");
  await connection.query(
    `INSERT INTO ${goneTable} (rel, tid, depth, why) SELECT t.tableoid, t.ctid, 0, $1 FROM ${scan.table} t WHERE ${condition}`,
    [subjectOf(broken).message(1)],
  );
}

/** What a finding is about. */
export function subjectOf(broken: Broken): RuleSubject {
  if ("reference" in broken) return broken.reference.subject;
  return "key" in broken ? broken.key.subject : broken.rule.subject;
}
