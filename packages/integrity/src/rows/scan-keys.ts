import type { Connection, PostgresError } from "@ctb-data/postgres";
import { copyLines } from "./copy-lines.ts";
import { hashSql, keyProbeSql, repeatedHashesSql, surplusSql, type Candidates, type KeysPlan, type PlannedKey } from "./keys-sql.ts"; // prettier-ignore
import type { PrepareOptions } from "./prepare-scan.ts";
import type { RowKey, RuleSubject, TableScan } from "./row-rule.ts";
import { isOfRow, rowsFailure } from "./rows-failure.ts";
import { readTableFacts } from "./scan-facts.ts";
import { keyOf } from "./scan-table.ts";

/** A row with a key that another row has, and that one. */
export interface SurplusRow {
  /** Where it is, as in `RowViolation`. */
  readonly tableId: string;
  readonly ctid: string;
  /** Its primary key; its place where it has none. */
  readonly key: Readonly<Record<string, string | null>>;
  readonly subject: RuleSubject;
  /** The row that is kept: of all that have the key the one with the smallest primary key; without one the first in the table. */
  readonly kept: {
    readonly tableId: string;
    readonly ctid: string;
    readonly key: Readonly<Record<string, string | null>>;
  };
}

/** So many are listed in a statement. */
const mostHashes = 20_000;

/**
 * Looks for the duplicates of all keys of a table, and gives the rows that are too many, key by key. One pass finds the hashes that are there
 * more than once, and a second one, only when there are any, the rows. The connection is as for `scanTable`.
 *
 * @throws {IntegrityError} from the loop: STATEMENT_TIMEOUT, LOCK_TIMEOUT, DENIED, CANCELLED, DATABASE_FAILED, with the table.
 */
export async function* scanKeys(
  connection: Connection,
  scan: TableScan,
  options: PrepareOptions = {},
): AsyncGenerator<SurplusRow, void> {
  const work = { doing: `Looking for duplicates in ${scan.table}`, table: scan.table };
  try {
    const planned = await planKeys(connection, scan, options);
    if (!planned || planned.keys.length === 0) return;
    const { plan, candidates } = await candidatesThatCanBe(connection, planned, options);
    if (candidates !== "all" && candidates.hashes.length === 0) return;
    const sql = `COPY (${surplusSql(plan, candidates)}) TO STDOUT`;
    for await (const lines of copyLines(connection, sql, options.signal))
      for (const fields of lines) yield surplusRow(plan, fields);
  } catch (error) {
    throw rowsFailure(error, work);
  }
}

interface KeyCandidates {
  readonly plan: KeysPlan;
  readonly candidates: Candidates;
}

/** Without the keys that some row makes fail: expressions of indexes that are only in the registry, or call functions. */
async function candidatesThatCanBe(
  connection: Connection,
  plan: KeysPlan,
  { signal, onNotChecked }: PrepareOptions,
): Promise<KeyCandidates> {
  const all = await triedCandidates(connection, plan, signal);
  if (!("error" in all)) return { plan, candidates: all.candidates };
  const bare = await triedCandidates(connection, { ...plan, keys: [] }, signal);
  if ("error" in bare) throw bare.error;
  const keys: PlannedKey[] = [];
  for (const one of plan.keys) {
    const alone = await triedCandidates(connection, { ...plan, keys: [one] }, signal);
    if (!("error" in alone)) keys.push(one);
    else onNotChecked?.(`${one.key.subject.id} was not checked: ${failsForSomeRow(alone.error)}`);
  }
  if (keys.length === plan.keys.length) throw all.error;
  const rest = { ...plan, keys };
  return { plan: rest, candidates: await candidatesOf(connection, rest, signal) };
}

function failsForSomeRow({ sqlState = "" }: PostgresError): string {
  return `PostgreSQL cannot evaluate it for some row (${sqlState}).`;
}

/** Or what the server has against one of its rows. @throws {PostgresError} for all that is not of the rows. */
async function triedCandidates(
  connection: Connection,
  plan: KeysPlan,
  signal: AbortSignal | undefined,
): Promise<{ readonly candidates: Candidates } | { readonly error: PostgresError }> {
  await connection.query("SAVEPOINT ctb_keys");
  try {
    const candidates = await candidatesOf(connection, plan, signal);
    await connection.query("RELEASE SAVEPOINT ctb_keys");
    return { candidates };
  } catch (error) {
    if (!isOfRow(connection, error)) throw error;
    await connection.query("ROLLBACK TO SAVEPOINT ctb_keys; RELEASE SAVEPOINT ctb_keys");
    return { error };
  }
}

async function candidatesOf(
  connection: Connection,
  plan: KeysPlan,
  signal: AbortSignal | undefined,
): Promise<Candidates> {
  const hashes: string[] = [];
  let many = false;
  const sql = `COPY (${repeatedHashesSql(plan)}) TO STDOUT`;
  // Read to its end also when there are too many: one that is stopped fails its transaction.
  for await (const lines of copyLines(connection, sql, signal)) {
    if (hashes.length + lines.length > mostHashes) many = true;
    else hashes.push(...lines.map(([hash]) => hash ?? ""));
  }
  return many ? "all" : { hashes };
}

async function planKeys(
  connection: Connection,
  scan: TableScan,
  { onNotChecked }: PrepareOptions,
): Promise<KeysPlan | undefined> {
  const facts = (await readTableFacts(connection, [scan.table])).get(scan.table);
  if (!facts) return undefined;
  const keys: PlannedKey[] = [];
  for (const key of scan.keys) {
    const planned = await planKey(connection, { scan, facts }, key, keys.length + 1);
    if (typeof planned !== "string") keys.push(planned);
    else onNotChecked?.(`${key.subject.id} was not checked: ${planned}`);
  }
  return { scan, facts, keys };
}

/** What the server says against it, when it cannot be looked for. */
async function planKey(
  connection: Connection,
  plan: Omit<KeysPlan, "keys">,
  key: RowKey,
  seed: number,
): Promise<PlannedKey | string> {
  const asTexts = key.parts.map((part) => `(${part})::pg_catalog.text`);
  let problem = "";
  for (const parts of [key.parts, asTexts]) {
    const types = await typesOf(connection, keyProbeSql(plan, parts));
    if (typeof types !== "string") {
      // The quick hash of null is null.
      const quick = key.nullsNotDistinct ? [] : types;
      return { key, parts, hash: hashSql(parts, quick, seed) };
    }
    problem ||= types;
  }
  return problem;
}

/** The types of the parts, or the problem. */
async function typesOf(connection: Connection, sql: string): Promise<readonly string[] | string> {
  await connection.query("SAVEPOINT ctb_probe");
  try {
    const { rows } = await connection.query<{ types: readonly string[] }>(sql);
    await connection.query("RELEASE SAVEPOINT ctb_probe");
    return rows[0]?.types ?? [];
  } catch (error) {
    // A right to the table that is missing is no matter of the key.
    if (!isOfRow(connection, error) || error.sqlState === "42501") throw error;
    await connection.query("ROLLBACK TO SAVEPOINT ctb_probe; RELEASE SAVEPOINT ctb_probe");
    return /^(?:42|22|0A)/.test(error.sqlState ?? "") ? error.message : failsForSomeRow(error);
  }
}

function surplusRow({ scan, keys }: KeysPlan, fields: readonly (string | null)[]): SurplusRow {
  const width = 2 + scan.key.length;
  const at = (from: number): Omit<SurplusRow, "subject" | "kept"> => {
    const [tableId, ctid] = [fields[from] ?? "", fields[from + 1] ?? ""];
    return { tableId, ctid, key: keyOf(scan.key, fields, { at: from + 2, ctid }) };
  };
  const subject = keys[Number(fields[0])]?.key.subject;
  if (!subject) throw new Error("A row of a key that was not asked for.");
  return { ...at(1), subject, kept: at(1 + width) };
}
