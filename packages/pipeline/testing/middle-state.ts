import type { MiddleWorld } from "./middle-world.ts";

/** All that a middle stage has made, without what differs from one run to another: serial ids and times. */
export interface MiddleState {
  /** Members by their addresses, orders by their codes. */
  readonly rows: readonly unknown[];
  /** Document by document: where it was promoted to. */
  readonly promotions: readonly unknown[];
  /** The marks and all else of each intake document, by path. */
  readonly documents: ReadonlyMap<string, unknown>;
  readonly failures: ReadonlyMap<string, unknown>;
}

interface MemberRow {
  readonly id: number;
  readonly "E-Mail ü": string;
  readonly recommended_by: number | null;
}

export async function middleState(world: MiddleWorld): Promise<MiddleState> {
  const { postgres } = world;
  const members = await rowsOf<MemberRow>(world, "members");
  const mailOf = new Map(members.map((row) => [String(row.id), row["E-Mail ü"]]));
  const named = (text: string): string =>
    text.replaceAll(/members\/(\d+)/g, (_, id: string) => `members/${mailOf.get(id) ?? "nobody"}`);
  const orders = await rowsOf<{ readonly code: string; readonly member_id: number }>(
    world,
    "orders",
  );
  const there = await postgres.query<{ readonly there: boolean }>(
    "SELECT to_regclass('ctb_data.imo_promotions') IS NOT NULL AS there",
  );
  const { rows: promotions } = there.rows[0]?.there
    ? await postgres.query<{ readonly id: string; readonly row: string }>(
        `SELECT collection || '/' || document_id AS id, table_name AS table, row_key[1] AS row, encode(content_hash, 'hex') AS hash
         FROM ctb_data.imo_promotions ORDER BY collection COLLATE "C", document_id COLLATE "C"`,
      )
    : { rows: [] };
  const documents = new Map<string, unknown>();
  const failures = new Map<string, unknown>();
  for (const [path, line] of await linesOf(world)) {
    const fields = named(line.replaceAll(world.firestore.raw.database, "@"));
    if (path.startsWith("validation_failed/")) failures.set(path, withoutTime(fields));
    else documents.set(path, fields);
  }
  return {
    rows: [
      ...members
        .map(({ id: _, ...row }) => ({
          ...row,
          recommended_by: mailOf.get(String(row.recommended_by)),
        }))
        .toSorted((a, b) => (a["E-Mail ü"] < b["E-Mail ü"] ? -1 : 1)),
      ...orders
        .map((row) => ({ ...row, member_id: mailOf.get(String(row.member_id)) }))
        .toSorted((a, b) => (a.code < b.code ? -1 : 1)),
    ],
    promotions: promotions.map(({ row, ...rest }) => ({ ...rest, row: mailOf.get(row) ?? row })),
    documents,
    failures,
  };
}

async function rowsOf<Row extends object>(
  { postgres }: MiddleWorld,
  table: string,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for await (const row of postgres.copyOut<Row>(table)) rows.push({ ...row });
  return rows;
}

/** The lines of all documents, without their times. */
export async function linesOf({ firestore }: MiddleWorld): Promise<ReadonlyMap<string, string>> {
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

function withoutTime(line: string): string {
  return line.replace(/,"failed_at":\{"timestampValue":"[^"]*"\}/, "");
}

/** What changes with every write, whatever is written: update times of documents, versions of rows. */
export async function middleVersions(world: MiddleWorld): Promise<unknown> {
  const times: string[] = [];
  const snapshot = await world.firestore.raw.snapshot();
  for await (const { lines } of snapshot.read({ start: undefined, end: undefined }))
    for (const { path, updateTimeUs } of lines) times.push(`${path} ${updateTimeUs}`);
  const { rows } = await world.postgres.query(
    `SELECT 'members ' || id AS row, xmin::text FROM members UNION ALL SELECT 'orders ' || code, xmin::text FROM orders
     UNION ALL SELECT 'promotions ' || document_id, xmin::text FROM ctb_data.imo_promotions ORDER BY 1`,
  );
  return { times, rows };
}
