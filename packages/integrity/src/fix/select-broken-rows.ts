import { quoteIdentifier, type Connection } from "@ctb-data/postgres";
import { IntegrityError } from "../integrity-error.ts";
import { prepareScan } from "../rows/prepare-scan.ts";
import type { RowRule, RuleSubject, TableScan } from "../rows/row-rule.ts";
import { scanFields, scanSql } from "../rows/scan-plan.ts";
import { forgetKeys, sendKeys } from "../rows/scan-table.ts";
import { brokenRowsSql, type Broken } from "./broken-rows-sql.ts";
import type { FixSession } from "./step-target.ts";
import { withSchemaFirst } from "./with-settings.ts";
import { goneTable } from "./work-tables.ts";

/** An index may be what is broken, and a constraint may say what is not so: tables are read. */
const withoutTrust: Readonly<Record<string, string>> = {
  enable_indexscan: "off",
  enable_indexonlyscan: "off",
  enable_bitmapscan: "off",
  constraint_exclusion: "off",
  enable_partition_pruning: "off",
};

/** What is to be found. */
export interface Selection {
  /** With nothing in it but the rule, reference or key. */
  readonly scan: TableScan;
  readonly broken: Broken;
  /** For FROM: `ONLY` the table, unless it is partitioned. */
  readonly source: string;
}

/**
 * Puts the rows that break a rule, as they are now, into the work table: by the scan that finds them in a check, and where the server can
 * tell without that one of them leaves it.
 *
 * @throws {IntegrityError} REFUSED when the server does not understand the rule any more.
 */
export async function selectBrokenRows(
  session: FixSession,
  { scan, broken, source }: Selection,
): Promise<void> {
  const { connection, registry } = session;
  await withSchemaFirst(
    connection,
    registry.schema,
    async () => {
      if ("key" in broken) await selectDuplicates(connection, { scan, broken, source });
      else if ("rule" in broken && "reads" in broken.rule)
        await readWithModel(connection, source, broken.rule);
      else await selectByScan(session, scan, broken);
    },
    withoutTrust,
  );
}

/** What a finding is about. */
export function subjectOf(broken: Broken): RuleSubject {
  if ("reference" in broken) return broken.reference.subject;
  return "key" in broken ? broken.key.subject : broken.rule.subject;
}

async function selectByScan(
  { connection, signal }: FixSession,
  scan: TableScan,
  broken: Broken,
): Promise<void> {
  const plan = await prepareScan(connection, scan, {
    signal,
    onNotChecked: (sentence) => {
      throw new IntegrityError("REFUSED", sentence, { table: scan.table });
    },
  });
  if (!plan) return;
  await sendKeys(connection, plan);
  const { masks, texts } = scanFields(plan);
  const others = masks + scan.key.length + texts.length;
  const columns = ["rel", "tid", ...Array.from({ length: others }, (_, index) => `other_${index}`)];
  await connection.query(
    `INSERT INTO ${goneTable} (rel, tid, depth, why) SELECT f.rel, f.tid, 0, $1 FROM (${scanSql(plan)}) f (${columns.join(", ")})`,
    [subjectOf(broken).message(1)],
  );
  await forgetKeys(connection, plan);
}

async function selectDuplicates(
  connection: Connection,
  { scan, broken, source }: Selection,
): Promise<void> {
  const condition = brokenRowsSql({ ...scan, table: source }, broken) ?? "false";
  await connection.query(
    `INSERT INTO ${goneTable} (rel, tid, depth, why) SELECT t.tableoid, t.ctid, 0, $1 FROM ${source} t WHERE ${condition}`,
    [subjectOf(broken).message(1)],
  );
}

interface ReadRow {
  readonly rel: number;
  readonly tid: string;
  readonly texts: readonly (string | null)[];
}

/** By a cursor: rows and what is found in them are never in the memory of this program all at once. */
async function readWithModel(
  connection: Connection,
  source: string,
  rule: Extract<RowRule, { readonly reads: string }>,
): Promise<void> {
  const texts = rule.columns.map((name) => textOf(`t.${quoteIdentifier(name)}`));
  await connection.query(
    `DECLARE ctb_read NO SCROLL CURSOR FOR SELECT t.tableoid AS rel, t.ctid::pg_catalog.text AS tid, ARRAY[${texts.join(", ")}]::pg_catalog.text[] AS texts
    FROM ${source} t WHERE ${rule.reads}`,
  );
  const message = rule.subject.message(1);
  for (;;) {
    const { rows } = await connection.query<ReadRow>("FETCH 2000 FROM ctb_read");
    if (rows.length === 0) break;
    const found = rows.flatMap(({ rel, tid, texts: values }) => {
      const detail = rule.breaks(values);
      return detail === undefined ? [] : [{ rel, tid, why: `${message} ${detail}` }];
    });
    if (found.length === 0) continue;
    await connection.query(
      `INSERT INTO ${goneTable} (rel, tid, depth, why) SELECT f.rel, f.tid, 0, f.why FROM unnest($1::oid[], $2::tid[], $3::text[]) f (rel, tid, why)`,
      [found.map(({ rel }) => rel), found.map(({ tid }) => tid), found.map(({ why }) => why)],
    );
  }
  await connection.query("CLOSE ctb_read");
}

/** As the type prints it: a cast would drop the spaces of `char`. */
function textOf(value: string): string {
  return `CASE WHEN ${value} IS DISTINCT FROM NULL THEN pg_catalog.format('%s', ${value}) END`;
}
