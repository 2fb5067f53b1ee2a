import type { Connection } from "@ctb-data/postgres";
import { mayHaveBits, readKeyBits, type KeyBits } from "./key-bits.ts";
import { probe } from "./probe.ts";
import type { RowReference, RowRule, TableScan } from "./row-rule.ts";
import { fromTable, readTableFacts, tablesOf, type TableFacts } from "./scan-facts.ts";
import { scanSql, type PlannedReference, type ScanPlan } from "./scan-plan.ts";

export interface PrepareOptions {
  /** Keys that were read before, in the same snapshot; new ones are added. */
  readonly keys?: Map<string, Promise<KeyBits | undefined>> | undefined;
  /** Is told what cannot be checked, and why, in full sentences. */
  readonly onNotChecked?: ((sentence: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Finds out how a table is scanned. The connection is in a transaction. @throws {PostgresError} */
export async function prepareScan(
  connection: Connection,
  scan: TableScan,
  options: PrepareOptions = {},
): Promise<ScanPlan | undefined> {
  const all = await readTableFacts(connection, tablesOf(scan));
  const facts = all.get(scan.table);
  if (!facts) return undefined;
  const references: PlannedReference[] = [];
  for (const [index, reference] of scan.references.entries()) {
    const referenced = all.get(reference.referencedTable);
    if (!referenced) continue;
    const work = { connection, reference, own: facts, referenced, options };
    const bits = await bitsOf(work);
    if (bits) references.push({ reference, by: "bits", bits, setting: `ctb_data.keys_${index}` });
    else references.push(joined(scan, work, false));
  }
  const plan: ScanPlan = { scan, facts, rules: scan.rules, references };
  if ((await probe(connection, scanSql(plan))) === undefined) return plan;
  return await understoodPart(connection, plan, options);
}

interface ReferenceWork {
  readonly connection: Connection;
  readonly reference: RowReference;
  readonly own: TableFacts;
  readonly referenced: TableFacts;
  readonly options: PrepareOptions;
}

/** Reading all keys does not pay for a table that refers to few of them. */
async function bitsOf(work: ReferenceWork): Promise<KeyBits | undefined> {
  const { connection, reference, own, referenced, options } = work;
  if (!mayHaveBits(reference, { own, referenced })) return undefined;
  if (referenced.estimatedRows > 10_000 && own.estimatedRows * 4 < referenced.estimatedRows)
    return undefined;
  // An unlogged table of a replica cannot be read: the whole statement will say so.
  if ((await probe(connection, `SELECT FROM ${reference.referencedTable}`)) !== undefined)
    return undefined;
  const name = JSON.stringify([reference.referencedTable, ...reference.referencedColumns]);
  const known = options.keys?.get(name);
  if (known) return await known;
  const read = readKeyBits(connection, reference, { facts: referenced, signal: options.signal });
  options.keys?.set(name, read);
  return await read;
}

function joined(
  scan: TableScan,
  { reference, own, referenced }: Omit<ReferenceWork, "connection" | "options">,
  asText: boolean,
): PlannedReference {
  const ownFrom = fromTable(scan.table, own);
  return { reference, by: "join", sides: { reference, own, referenced, ownFrom, asText } };
}

/** Without what the server refuses; references whose sides do not compare are compared as texts. */
async function understoodPart(
  connection: Connection,
  plan: ScanPlan,
  { onNotChecked }: PrepareOptions,
): Promise<ScanPlan> {
  const only = async (part: Partial<ScanPlan>): Promise<string | undefined> =>
    await probe(connection, scanSql({ ...plan, rules: [], references: [], ...part }));
  const rules: RowRule[] = [];
  for (const rule of plan.rules) {
    const problem = await only({ rules: [rule] });
    if (problem === undefined) rules.push(rule);
    else onNotChecked?.(`${rule.subject.id} was not checked: ${problem}`);
  }
  const references: PlannedReference[] = [];
  for (const one of plan.references) {
    const problem = await only({ references: [one] });
    if (problem === undefined) references.push(one);
    else if (one.by === "bits") onNotChecked?.(notChecked(one, problem));
    else {
      const asText = joined(plan.scan, one.sides, true);
      if ((await only({ references: [asText] })) === undefined) references.push(asText);
      else onNotChecked?.(notChecked(one, problem));
    }
  }
  return { ...plan, rules, references };
}

function notChecked({ reference }: PlannedReference, problem: string): string {
  return `${reference.subject.id} was not checked: ${problem}`;
}
