import { compileIntakeDocuments } from "../src/documents/compile-intake-documents.ts";
import type { MiddleWorld } from "./middle-world.ts";

/**
 * All that a middle stage has made, without what differs from one run to another: serial ids, times, and hashes of contents that name the
 * database. In their place stands whether they are those of the documents as they are.
 */
export interface MiddleState {
  /** Members by their addresses, orders by their codes. */
  readonly rows: readonly unknown[];
  /** Document by document: where it was promoted to. */
  readonly promotions: readonly unknown[];
  /** Marks and all else of each intake document, by path. */
  readonly documents: ReadonlyMap<string, string>;
  readonly failures: ReadonlyMap<string, string>;
}

interface MemberRow {
  readonly id: number;
  readonly "E-Mail ü": string;
  readonly recommended_by: number | null;
}

interface OrderRow {
  readonly code: string;
  readonly member_id: number;
}

interface PromotionRow {
  readonly id: string;
  readonly table: string;
  readonly row: string;
  readonly hash: string;
  readonly version: string;
}

export async function middleState(world: MiddleWorld): Promise<MiddleState> {
  const members = await rowsOf<MemberRow>(world, "members");
  const orders = await rowsOf<OrderRow>(world, "orders");
  const mailOf = new Map(members.map((row) => [String(row.id), row["E-Mail ü"]]));
  const named = (text: string): string =>
    text.replaceAll(/members\/(\d+)/g, (_, id: string) => `members/${mailOf.get(id) ?? "nobody"}`);
  const lines = await linesOf(world);
  const hashes = hashesOf(world, lines);
  const promotions = await promotionsIn(world);
  const documents = new Map<string, string>();
  const failures = new Map<string, string>();
  for (const [path, line] of lines) {
    const text = named(line.replaceAll(world.firestore.raw.database, "@"));
    if (path.startsWith("validation_failed/")) failures.set(path, failureOf(text, hashes));
    else documents.set(path, text);
  }
  return {
    rows: [
      ...members
        .map(({ id: _id, ...row }) => ({
          ...row,
          recommended_by: mailOf.get(String(row.recommended_by)),
        }))
        .toSorted((a, b) => (a["E-Mail ü"] < b["E-Mail ü"] ? -1 : 1)),
      ...orders
        .map((row) => ({ ...row, member_id: mailOf.get(String(row.member_id)) }))
        .toSorted((a, b) => (a.code < b.code ? -1 : 1)),
    ],
    promotions: promotions.map(({ id, table, row, hash }) => {
      return { id, table, row: mailOf.get(row) ?? row, isCurrent: hashes.get(id) === hash };
    }),
    documents,
    failures,
  };
}

function hashesOf(
  { registry, firestore, keyring }: MiddleWorld,
  lines: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  const tables = { member_intake: "members", order_intake: "orders" };
  for (const [collection, table] of Object.entries(tables)) {
    const options = { registry, table, collection, firestore, keyring };
    const documents = compileIntakeDocuments(options);
    for (const [path, line] of lines)
      if (path.startsWith(`${collection}/`))
        hashes.set(path, documents.read(path, line, 0).contentHash);
  }
  return hashes;
}

/** Without its time, and with whether its hash is that of the document. */
function failureOf(line: string, hashes: ReadonlyMap<string, string>): string {
  const path = /"referenceValue":"@\/documents\/(?<path>[^"]*)"/.exec(line)?.groups?.["path"];
  return line
    .replace(/,"failed_at":\{"timestampValue":"[^"]*"\}/, "")
    .replace(/[0-9a-f]{64}/, (hash) => (hashes.get(path ?? "") === hash ? "current" : "old"));
}

async function rowsOf<Row extends object>(
  { postgres }: MiddleWorld,
  table: string,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for await (const row of postgres.copyOut<Row>(table)) rows.push({ ...row });
  return rows;
}

async function promotionsIn({ postgres }: MiddleWorld): Promise<readonly PromotionRow[]> {
  const there = await postgres.query<{ readonly there: boolean }>(
    "SELECT to_regclass('ctb_data.imo_promotions') IS NOT NULL AS there",
  );
  if (there.rows[0]?.there !== true) return [];
  const { rows } = await postgres.query<PromotionRow>(
    `SELECT collection || '/' || document_id AS id, table_name AS table, row_key AS row, encode(content_hash, 'hex') AS hash, xmin::text AS version
     FROM ctb_data.imo_promotions ORDER BY collection COLLATE "C", document_id COLLATE "C"`,
  );
  return rows;
}

/** The lines of all documents, without their times. */
export async function linesOf({
  firestore,
}: Pick<MiddleWorld, "firestore">): Promise<ReadonlyMap<string, string>> {
  const lines = new Map<string, string>();
  const snapshot = await firestore.raw.snapshot();
  for await (const batch of snapshot.read({ start: undefined, end: undefined })) {
    let start = 0;
    for (const { path, end } of batch.lines) {
      const line = batch.bytes.toString("utf8", start, end);
      lines.set(path, line.replace(/,"createTime":"[^"]*","updateTime":"[^"]*"\}\n$/, "}"));
      start = end;
    }
  }
  return lines;
}

/** What changes with every write, whatever is written: update times of documents, versions of rows. */
export async function middleVersions(world: MiddleWorld): Promise<unknown> {
  const times: string[] = [];
  const snapshot = await world.firestore.raw.snapshot();
  for await (const { lines } of snapshot.read({ start: undefined, end: undefined }))
    for (const { path, updateTimeUs } of lines) times.push(`${path} ${updateTimeUs}`);
  const { rows } = await world.postgres.query(
    `SELECT 'members ' || id AS row, xmin::text FROM members UNION ALL SELECT 'orders ' || code, xmin::text FROM orders ORDER BY 1`,
  );
  return { times, rows, promotions: await promotionsIn(world) };
}
