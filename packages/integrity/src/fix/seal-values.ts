import type { ColumnCipher, ColumnPlace, Keyring } from "@ctb-data/models";
import { quoteIdentifier } from "@ctb-data/postgres";
import type { Column, ColumnEncryption, Table } from "@ctb-data/registry";
import { IntegrityError } from "../integrity-error.ts";
import type { Broken } from "./broken-rows-sql.ts";
import type { LiveTable } from "./live-table.ts";
import { subjectOf } from "./select-broken-rows.ts";
import type { FixSession } from "./step-target.ts";
import { changedTable, goneTable, sameRow } from "./work-tables.ts";

const batchRows = 1000;

interface ReadRow {
  readonly rel: number;
  readonly tid: string;
  readonly value: string | null;
}

interface NewValue {
  readonly row: ReadRow;
  readonly column: string;
  readonly value: string | null;
  readonly sealed: boolean;
}

/**
 * Turns the rows in the work table, which would go, into changes: clear text is encrypted under the newest key, the blind index
 * beside it too; a blind index that does not fit is computed anew.
 *
 * @throws {IntegrityError} INVALID_OPTIONS without a keyring
 */
export async function sealValues(
  { connection, registry, keyring }: FixSession,
  table: LiveTable,
  broken: Broken,
): Promise<void> {
  const { kind, columns } = subjectOf(broken);
  const known = registry.tables.get(table.name);
  const column = known && encryptedColumn(known, columns);
  if (!known || !column || !keyring) {
    throw new IntegrityError(
      "INVALID_OPTIONS",
      `${table.place} cannot be encrypted without its keyring.`,
      {
        table: table.place,
        hint: "Set DATA_ENCRYPTION_KEY.",
      },
    );
  }
  const cipher = cipherOf(known, column, keyring);
  const blind = column.encryption?.blindIndex;
  let after = { rel: 0, tid: "(0,0)" };
  for (;;) {
    const { rows } = await connection.query<ReadRow>(
      `SELECT g.rel, g.tid::pg_catalog.text AS tid, x.${quoteIdentifier(column.name)}::pg_catalog.text AS value
      FROM (SELECT rel, tid FROM ${goneTable} WHERE (rel, tid) > ($1, $2) ORDER BY rel, tid LIMIT ${batchRows}) g
      JOIN ${table.partitioned ? table.place : table.source} x ON ${sameRow("x", "g")} ORDER BY g.rel, g.tid`,
      [after.rel, after.tid],
    );
    const last = rows.at(-1);
    if (!last) break;
    after = last;
    const values = rows.flatMap((row) =>
      kind === "clear_text"
        ? sealed(row, { column, cipher, blind })
        : blindOnly(row, { cipher, blind }),
    );
    await connection.query(
      `INSERT INTO ${changedTable} (rel, tid, col, depth, value, sealed, why)
      SELECT v.rel, v.tid, v.col, 0, v.value, v.sealed, $6
      FROM unnest($1::oid[], $2::tid[], $3::text[], $4::text[], $5::boolean[]) v (rel, tid, col, value, sealed)`,
      [
        values.map(({ row }) => row.rel),
        values.map(({ row }) => row.tid),
        values.map((value) => value.column),
        values.map(({ value }) => value),
        values.map((value) => value.sealed),
        subjectOf(broken).message(1),
      ],
    );
  }
  await connection.query(`DELETE FROM ${goneTable}`);
}

/** The encrypted column that a finding is about: itself, or the one whose blind index it is. */
function encryptedColumn(table: Table, columns: readonly string[]): Column | undefined {
  const named = columns.map((name) => table.columns.get(name));
  const own = named.find((column) => column?.encryption !== undefined);
  if (own) return own;
  const index = named.find((column) => column?.blindIndexOf !== undefined);
  return index?.blindIndexOf === undefined ? undefined : table.columns.get(index.blindIndexOf);
}

/** What was encrypted under a former name can be read too. */
export function cipherOf(table: Table, column: Column, keyring: Keyring): ColumnCipher {
  const tables = [table.name, ...(table.renamedFrom === undefined ? [] : [table.renamedFrom])];
  const columns = [column.name, ...(column.renamedFrom === undefined ? [] : [column.renamedFrom])];
  const [place, ...formerly] = tables.flatMap((of): readonly ColumnPlace[] =>
    columns.map((name) => ({ table: of, column: name })),
  );
  return keyring.cipherOf(place ?? { table: table.name, column: column.name }, formerly);
}

interface Sealing {
  readonly cipher: ColumnCipher;
  readonly blind: ColumnEncryption["blindIndex"];
}

function sealed(
  row: ReadRow,
  { column, cipher, blind }: Sealing & { readonly column: Column },
): readonly NewValue[] {
  if (row.value === null) return [];
  return [
    { row, column: column.name, value: cipher.encrypt(row.value), sealed: true },
    ...(blind === undefined
      ? []
      : [{ row, column: blind.column, value: cipher.blindIndex(row.value, blind), sealed: false }]),
  ];
}

function blindOnly(row: ReadRow, { cipher, blind }: Sealing): readonly NewValue[] {
  if (blind === undefined) return [];
  const value = row.value === null ? null : cipher.blindIndex(cipher.decrypt(row.value), blind);
  return [{ row, column: blind.column, value, sealed: false }];
}
