/** One `NNN_name.sql` of the folder, read but not parsed. */
export interface MigrationFile {
  readonly version: number;
  /** The number as the file name has it: `002`. */
  readonly number: string;
  /** The part between number and extension: `add_blueprints`. */
  readonly name: string;
  /** The file's name, without its folder. */
  readonly file: string;
  /** SHA-256 of the normalised text (no byte-order mark, LF line ends) without white space at its end, hex. */
  readonly checksum: string;
  /** The normalised text. */
  readonly text: string;
  /** The way back, `NNN_name.down.sql`. */
  readonly down?: DownFile;
}

/** The way back of a migration. */
export interface DownFile {
  readonly file: string;
  readonly text: string;
}

/** What a file says, parsed with PostgreSQL's own grammar. */
export interface ParsedMigration {
  readonly file: string;
  readonly header: MigrationHeader;
  /** In the order of the file, without the outer BEGIN and COMMIT. */
  readonly statements: readonly MigrationStatement[];
  /** How the transaction begins: the file's own `BEGIN …` or `BEGIN`. Undefined with `-- Transaction: none`. */
  readonly begin: string | undefined;
  /** SHA-256 of the tokens without comments and white space, hex. */
  readonly tokenChecksum: string;
}

/** The `-- Key: value` lines of the leading comment block. */
export interface MigrationHeader {
  readonly migration?: string;
  readonly created?: string;
  /** False with `-- Transaction: none`. */
  readonly transaction: boolean;
  readonly lockTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
  /** Why there is no way back. */
  readonly irreversible?: string;
}

/** One statement, without its semicolon. */
export interface MigrationStatement {
  readonly sql: string;
  /** Where it starts, from 1. */
  readonly line: number;
  /** The grammar's name of it: `CreateStmt`, `IndexStmt` … */
  readonly kind: string;
  /** Why it cannot run in a transaction, as in `CREATE INDEX CONCURRENTLY`. */
  readonly outsideTransaction?: string;
  /** In a file without a transaction: run as it is, not in a transaction of its own. */
  readonly bare: boolean;
  /** What dry runs say of it. */
  readonly hazards: readonly StatementHazard[];
  /** The indexes that it builds or rebuilds concurrently. */
  readonly builds?: ConcurrentBuild;
  /** The tables and columns that it drops. */
  readonly drops: readonly DroppedObject[];
}

/** A lock or a danger that is plain from the statement alone. */
export interface StatementHazard {
  readonly kind:
    | "blocks-reads-and-writes"
    | "blocks-writes"
    | "deletes-data"
    | "rewrites-table"
    | "outside-transaction";
  readonly message: string;
}

/** What `CREATE INDEX CONCURRENTLY` or `REINDEX … CONCURRENTLY` would leave behind, invalid, when it fails. */
export interface ConcurrentBuild {
  readonly kind: "create" | "reindex";
  /** The index's own name; undefined when the server chooses it. */
  readonly index?: string;
  /** The table of a CREATE INDEX. */
  readonly table?: ObjectName;
}

export interface ObjectName {
  readonly schema?: string;
  readonly name: string;
}

/** What a statement throws away together with its rows. */
export interface DroppedObject {
  /** The table; with the kinds `schema`, `type` and `extension` the one of that kind. */
  readonly table: ObjectName;
  readonly column?: string;
  /** `rows`: the table stays, as with TRUNCATE. A `type` or an `extension` takes the columns of its types along. */
  readonly kind: "table" | "column" | "schema" | "rows" | "type" | "extension";
  /** TRUNCATE … CASCADE empties the tables that refer to it, too. */
  readonly cascade?: boolean;
}
