import type { Connection } from "@ctb-data/postgres";
import { copyLines } from "./copy-lines.ts";
import type { RowRule, RowViolation, RuleSubject } from "./row-rule.ts";
import { maskBits, scanFields, scanSql, type ScanPlan, type ScanRange } from "./scan-plan.ts";

/**
 * Reads a table, or a range of it, once for all rules and references of a scan that was prepared, and gives the rows that break any
 * of them, as many at a time as come at once. The session knows the keys ({@link sendKeys}); it is in a transaction of one snapshot, or in
 * one in which nobody else changes the table.
 *
 * @throws {PostgresError} from the loop.
 */
export async function* scanTable(
  connection: Connection,
  plan: ScanPlan,
  {
    range,
    signal,
  }: { readonly range?: ScanRange | undefined; readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<readonly RowViolation[], void> {
  const read = rowReader(plan);
  const sql = `COPY (${scanSql(plan, range)}) TO STDOUT`;
  for await (const lines of copyLines(connection, sql, signal)) {
    const found: RowViolation[] = [];
    for (const fields of lines) {
      const violation = read(fields);
      if (violation) found.push(violation);
    }
    if (found.length > 0) yield found;
  }
}

/** Tells a session which keys there are. @throws {PostgresError} */
export async function sendKeys(connection: Connection, plan: ScanPlan): Promise<void> {
  for (const one of plan.references) {
    if (one.by !== "bits") continue;
    const text = Buffer.from(one.bits.bytes.buffer).toString("base64");
    await setKeys(connection, one.setting, text);
  }
}

/** @throws {PostgresError} */
export async function forgetKeys(connection: Connection, plan: ScanPlan): Promise<void> {
  for (const one of plan.references)
    if (one.by === "bits") await setKeys(connection, one.setting, "");
}

async function setKeys(connection: Connection, setting: string, text: string): Promise<void> {
  await connection.query("SELECT pg_catalog.set_config($1, $2, true) IS NULL AS set", [
    setting,
    text,
  ]);
}

type Fields = readonly (string | null)[];

/** Reads a row of the statement; undefined when the model finds nothing wrong with it. */
function rowReader(plan: ScanPlan): (fields: Fields) => RowViolation | undefined {
  const { subjects, masks, texts } = scanFields(plan);
  const keyAt = 2 + masks;
  const textAt = keyAt + plan.scan.key.length;
  const tests = subjects.map((subject, index) => ({
    mask: 2 + Math.floor(index / maskBits),
    bit: 2 ** (index % maskBits),
    look: lookOf(subject, plan.rules[index], (column) => textAt + texts.indexOf(column)),
  }));
  return (fields) => {
    const broken: RowViolation["broken"][number][] = [];
    for (const { mask, bit, look } of tests) {
      if ((Number(fields[mask]) & bit) === 0) continue;
      const found = look(fields);
      if (found) broken.push(found);
    }
    if (broken.length === 0) return undefined;
    const [tableId, ctid] = [fields[0] ?? "", fields[1] ?? ""];
    return { tableId, ctid, key: keyOf(plan.scan.key, fields, { at: keyAt, ctid }), broken };
  };
}

/** What a set bit means: broken, or a row that the model has to look at. */
function lookOf(
  subject: RuleSubject,
  rule: RowRule | undefined,
  placeOf: (column: string) => number,
): (fields: Fields) => RowViolation["broken"][number] | undefined {
  const found = { subject };
  if (rule === undefined || "sql" in rule) return () => found;
  const places = rule.columns.map(placeOf);
  return (fields) => {
    const detail = rule.breaks(places.map((place) => fields[place] ?? null));
    return detail === undefined ? undefined : { subject, detail };
  };
}

/** The key of a row as texts; its place where it has none. */
export function keyOf(
  columns: readonly string[],
  fields: Fields,
  { at, ctid }: { readonly at: number; readonly ctid: string },
): Readonly<Record<string, string | null>> {
  if (columns.length === 0) return { ctid };
  return Object.fromEntries(columns.map((name, index) => [name, fields[at + index] ?? null]));
}
