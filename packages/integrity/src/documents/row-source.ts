import { quoteIdentifier } from "@ctb-data/postgres";
import type { DocumentMapping, Table } from "@ctb-data/registry";
import { keyMatchOf, relationOf, textOf, type KeyMatch } from "./key-match.ts";
import type { LiveColumns } from "./live-columns.ts";

/** A row as it is compared with its document. */
export interface ScannedRow {
  /** What PostgreSQL prints of the column that is the document's id. */
  readonly id: string;
  readonly columns: Readonly<Record<string, unknown>>;
}

/** A row as the statements of a source give it. */
export type SourceRow = Readonly<Record<string, unknown>>;

/** The statements that read the rows of one table in the order of the names of their documents. */
export class RowSource {
  readonly table: string;
  /** The mapped columns that the live table has, the id among them. */
  readonly columns: readonly string[];
  readonly key: KeyMatch;
  readonly #from: string;
  readonly #idColumn: string;
  readonly #id: string;
  readonly #isText: boolean;
  readonly #isUtf8: boolean;

  constructor(options: {
    readonly schema: string;
    readonly table: Table;
    readonly mapping: DocumentMapping;
    readonly live: LiveColumns;
    /** Of the server. */
    readonly encoding: string;
  }) {
    const { schema, table, mapping, live, encoding } = options;
    const mapped = [...mapping.fields.values()].flatMap(({ column }) => column ?? []);
    this.table = table.name;
    this.columns = [...new Set([mapping.idColumn, ...mapped])].filter((name) => live.has(name));
    const type = live.get(mapping.idColumn) ?? "";
    this.key = keyMatchOf(type);
    this.#from = `${relationOf(schema, table.name)} AS t`;
    this.#idColumn = `t.${quoteIdentifier(mapping.idColumn)}`;
    this.#id = textOf(this.#idColumn, type);
    this.#isText = !["int2", "int4", "int8", "uuid"].includes(type);
    this.#isUtf8 = encoding === "UTF8";
  }

  /**
   * All rows, in the order in which Firestore has their documents: numeric ids (`__id7__`) first, by their number, and the others by
   * their UTF-8 bytes.
   *
   * @param bounds ids: from the first one on, and up to the second one without it.
   */
  ordered(bounds: { readonly start?: string | undefined; readonly end?: string | undefined }): {
    readonly sql: string;
    readonly params: readonly string[];
  } {
    const { start, end } = bounds;
    const params = [start, end].filter((bound) => bound !== undefined);
    const conditions = [
      `${this.#idColumn} IS NOT NULL`,
      ...(start === undefined
        ? []
        : [`(${this.#isLast} AND ${this.#bytes} >= ${this.#bytesOf("$1")})`]),
      ...(end === undefined
        ? []
        : [`(NOT ${this.#isLast} OR ${this.#bytes} < ${this.#bytesOf(`$${params.length}`)})`]),
    ];
    const order = [...(this.#isText ? [`${this.#rank} ASC NULLS LAST`] : []), this.#bytes];
    return {
      sql: `SELECT ${this.#selected} FROM ${this.#from} WHERE ${conditions.join(" AND ")} ORDER BY ${order.join(", ")}`,
      params,
    };
  }

  /** The rows of some ids, `$1::text[]`: those that fit {@link key}. */
  get single(): string {
    const { matches } = this.key;
    return `SELECT ${this.#selected} FROM pg_catalog.unnest($1::pg_catalog.text[]) AS k(id) JOIN ${this.#from} ON ${matches(this.#idColumn, "k.id")} WHERE ${this.#id} = k.id`;
  }

  read(row: SourceRow): ScannedRow {
    const columns = this.columns.map((name, index) => [name, row[`c${index}`]] as const);
    return { id: String(row["k"]), columns: Object.fromEntries(columns) };
  }

  get #selected(): string {
    const columns = this.columns.map((name, index) => `t.${quoteIdentifier(name)} AS c${index}`);
    return [`${this.#id} AS k`, ...columns].join(", ");
  }

  /** Of a numeric id its number. */
  get #rank(): string {
    return `CASE WHEN ${this.#id} ~ '^__id-?[0-9]{1,19}__$' THEN pg_catalog.substr(${this.#id}, 5, pg_catalog.length(${this.#id}) - 6)::pg_catalog.numeric END`;
  }

  get #isLast(): string {
    return this.#isText ? `(${this.#rank} IS NULL)` : "true";
  }

  get #bytes(): string {
    return this.#bytesOf(this.#id);
  }

  /** Compares by bytes; where texts are not kept in UTF-8 it is made of them first. */
  #bytesOf(text: string): string {
    return this.#isUtf8
      ? `(${text})::pg_catalog.text COLLATE "C"`
      : `pg_catalog.convert_to((${text})::pg_catalog.text, 'UTF8')`;
  }
}
