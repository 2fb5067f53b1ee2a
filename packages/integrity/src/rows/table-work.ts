import type { Connection, PostgresError } from "@ctb-data/postgres";
import { FoundRows } from "./found-rows.ts";
import type { KeyBits } from "./key-bits.ts";
import { planRanges } from "./plan-ranges.ts";
import { prepareScan } from "./prepare-scan.ts";
import type { RowRule, TableScan } from "./row-rule.ts";
import { isOfRow, rowsFailure } from "./rows-failure.ts";
import type { RowsTask } from "./run-tasks.ts";
import {
  ownName,
  readPieces,
  readTableFacts,
  type TableFacts,
  type TablePiece,
} from "./scan-facts.ts";
import { scanKeys } from "./scan-keys.ts";
import { scanSql, type ScanPlan, type ScanRange } from "./scan-plan.ts";
import { forgetKeys, scanTable, sendKeys } from "./scan-table.ts";

/** What all tables of one check share. */
export interface RowsCheck {
  /** Keys of referenced tables that were read in this snapshot. */
  readonly keys: Map<string, Promise<KeyBits | undefined>>;
  /** The scan whose keys a session knows. */
  readonly sent: Map<Connection, ScanPlan>;
  readonly sessions: number;
  readonly signal: AbortSignal;
  readonly onNotChecked: (sentence: string) => void;
  /** Rows that were looked at. */
  readonly onRows: (table: string, rows: number) => void;
}

/** The check of one table: tasks that any session can do, and what they have found. */
export class TableWork {
  readonly scan: TableScan;
  /** Of the rules and references, and of the keys. */
  found: readonly FoundRows[];
  facts: TableFacts | undefined;
  readonly #check: RowsCheck;
  readonly #keysFound: FoundRows;

  constructor(scan: TableScan, check: RowsCheck) {
    this.scan = scan;
    this.#check = check;
    this.#keysFound = new FoundRows(scan);
    this.found = [new FoundRows(scan), this.#keysFound];
  }

  /** The first tasks of the table; others follow from them. */
  tasks(): readonly RowsTask[] {
    const { scan } = this;
    const weight = scan.estimatedRows;
    const hasRows = scan.rules.length + scan.references.length > 0;
    return [
      ...(scan.keys.length > 0 ? [this.#task(weight + 1, this.#lookForKeys)] : []),
      // First of all: what it finds out is work for others.
      ...(hasRows ? [this.#task(Number.MAX_SAFE_INTEGER, async (one) => await this.#prepare(one, scan))] : []), // prettier-ignore
    ];
  }

  #task(weight: number, run: (connection: Connection) => Promise<readonly RowsTask[]>): RowsTask {
    return {
      weight,
      run: async (connection) => {
        try {
          return await run(connection);
        } catch (error) {
          throw rowsFailure(error, { doing: `Reading ${this.scan.table}`, table: this.scan.table });
        }
      },
    };
  }

  readonly #lookForKeys = async (connection: Connection): Promise<readonly RowsTask[]> => {
    const { scan } = this;
    const { signal, onNotChecked } = this.#check;
    const facts = (await readTableFacts(connection, [scan.table])).get(scan.table);
    this.facts ??= facts;
    for await (const { subject, tableId, ctid, key, kept } of scanKeys(connection, scan, { signal, onNotChecked })) // prettier-ignore
      this.#keysFound.add(subject, { tableId, ctid, key, detail: `The row that stays has ${keyText(kept.key)}.` }); // prettier-ignore
    if (scan.rules.length + scan.references.length === 0)
      this.#looked(this.#keysFound, facts?.estimatedRows ?? 0);
    return [];
  };

  async #prepare(connection: Connection, scan: TableScan): Promise<readonly RowsTask[]> {
    const plan = await prepareScan(connection, scan, this.#check);
    this.facts = plan?.facts;
    if (!plan) this.#check.onNotChecked(`The table ${scan.table} was not checked: it is gone.`);
    if (!plan || plan.rules.length + plan.references.length === 0) return [];
    const found = new FoundRows(this.scan);
    this.found = [found, this.#keysFound];
    const pieces = await readPieces(connection, scan.table);
    const ranges = planRanges(plan, pieces, this.#check.sessions);
    const count = await exactCount(connection, plan, pieces);
    const known = pieces.reduce((sum, { estimatedRows }) => sum + estimatedRows, 0);
    const rowsTo = (share: number): number => Math.round((count ?? known) * share);
    return ranges.map(({ plan: part, range, from, to }) =>
      this.#task(scan.estimatedRows, async (one) => {
        const again = await this.#read(one, { plan: part, range, found });
        if (again.length === 0) this.#looked(found, rowsTo(to) - rowsTo(from));
        return again;
      }),
    );
  }

  #looked(found: FoundRows, rows: number): void {
    found.rows += rows;
    this.#check.onRows(this.scan.name, rows);
  }

  /** Reads some rows. @returns what is to be done again when a rule could not be evaluated. */
  async #read(
    connection: Connection,
    { plan, range, found }: { readonly plan: ScanPlan; readonly range: ScanRange | undefined; readonly found: FoundRows }, // prettier-ignore
  ): Promise<readonly RowsTask[]> {
    // Somebody has found out that this plan fails.
    if (this.found[0] !== found) return [];
    await this.#tellKeys(connection, plan);
    // Only of a statement that the planner may not spread over workers by itself the range is read as a range.
    const workers = range === undefined ? "SET LOCAL max_parallel_workers_per_gather TO DEFAULT" : "SET LOCAL max_parallel_workers_per_gather = 0"; // prettier-ignore
    await connection.query(`${workers}; SAVEPOINT ctb_read`);
    try {
      const batches = scanTable(connection, plan, { range, signal: this.#check.signal });
      for await (const batch of batches)
        for (const { broken, ...row } of batch)
          for (const { subject, detail } of broken)
            found.add(subject, detail === undefined ? row : { ...row, detail });
      await connection.query("RELEASE SAVEPOINT ctb_read");
      return [];
    } catch (error) {
      if (!isOfRow(connection, error)) throw error;
      await connection.query("ROLLBACK TO SAVEPOINT ctb_read; RELEASE SAVEPOINT ctb_read");
      if (this.found[0] !== found) return [];
      this.found = [new FoundRows(this.scan), this.#keysFound];
      return [this.#task(Number.MAX_SAFE_INTEGER, async (one) => await this.#without(one, plan, error))]; // prettier-ignore
    }
  }

  async #tellKeys(connection: Connection, plan: ScanPlan): Promise<void> {
    const { sent } = this.#check;
    const before = sent.get(connection);
    if (before === plan) return;
    if (before) await forgetKeys(connection, before);
    await sendKeys(connection, plan);
    sent.set(connection, plan);
  }

  /** Tries each rule alone, and reads the table again without those that some row makes fail. */
  async #without(
    connection: Connection,
    plan: ScanPlan,
    error: PostgresError,
  ): Promise<readonly RowsTask[]> {
    const bare = { ...plan, references: [] };
    if ((await this.#failureOf(connection, { ...bare, rules: readOnly(plan.rules) })) !== undefined)
      throw error;
    const rules: RowRule[] = [];
    for (const rule of plan.rules) {
      const sqlState = await this.#failureOf(connection, { ...bare, rules: [rule] });
      if (sqlState === undefined) rules.push(rule);
      else
        this.#check.onNotChecked(
          `${rule.subject.id} was not checked: PostgreSQL cannot evaluate it for some row (${sqlState}).`,
        );
    }
    if (rules.length === plan.rules.length) throw error;
    return await this.#prepare(connection, { ...plan.scan, rules });
  }

  async #failureOf(connection: Connection, plan: ScanPlan): Promise<string | undefined> {
    await connection.query("SAVEPOINT ctb_read");
    try {
      const { signal } = this.#check;
      await connection.query(`SELECT pg_catalog.count(*) FROM (${scanSql(plan)}) AS r`, [], { signal }); // prettier-ignore
    } catch (error) {
      if (!isOfRow(connection, error)) throw error;
      await connection.query("ROLLBACK TO SAVEPOINT ctb_read; RELEASE SAVEPOINT ctb_read");
      return error.sqlState;
    }
    await connection.query("RELEASE SAVEPOINT ctb_read");
    return undefined;
  }
}

/** Of a small table, where it costs nothing; the planner's estimate says enough of others. */
async function exactCount(
  connection: Connection,
  { scan }: ScanPlan,
  pieces: readonly TablePiece[],
): Promise<number | undefined> {
  const pages = pieces.reduce((sum, piece) => sum + piece.pages, 0);
  if (pages > 1000) return undefined;
  const from = pieces.map(({ table }) => `SELECT pg_catalog.count(*) AS n FROM ONLY ${table}`);
  if (from.length === 0) return 0;
  const { rows } = await connection.query<{ n: number }>(
    `SELECT coalesce(sum(n), 0)::float8 AS n FROM (${from.join(" UNION ALL ")}) AS c`,
  );
  return rows[0]?.n ?? scan.estimatedRows;
}

function keyText(key: Readonly<Record<string, string | null>>): string {
  return Object.entries(key)
    .map(([name, text]) => `${name} ${text ?? "null"}`)
    .join(", ");
}

/** A rule that nothing breaks, so that only reading the table can fail. */
function readOnly([rule]: readonly RowRule[]): readonly RowRule[] {
  return rule ? [{ subject: rule.subject, sql: `t.${ownName("row")} IS NULL` }] : [];
}
