import type { Firestore } from "@ctb-data/firestore";
import { quoteIdentifier, type Postgres } from "@ctb-data/postgres";
import { currentLines } from "../firestore/database-lines.ts";
import type { WorkOptions } from "../workflow-options.ts";

type Registry = Firestore["registry"];
type Table = Registry["tables"] extends ReadonlyMap<string, infer Value> ? Value : never;

/** A document field that holds the key of a row, or the id of the document, which does. */
interface Reference {
  /** `orders.clientId` */
  readonly label: string;
  /** Undefined for the document's own id. */
  readonly field: string | undefined;
  /** `"public"."clients"` and the column that is referred to. */
  readonly table: string;
  readonly column: string;
  /** What a document without its row is called. */
  readonly says: string;
}

const batch = 5000;

/**
 * Looks where the registry says that documents and rows belong together: documents whose row is not there, and documents that refer to
 * a row that is not there. Sentences with counts and an example; none when everything leads somewhere.
 *
 * @throws {BackupError} FIRESTORE_FAILED. @throws {PostgresError}
 */
export async function crossStoreReferences(
  postgres: Postgres,
  firestore: Firestore,
  { signal }: Pick<WorkOptions, "signal"> = {},
): Promise<readonly string[]> {
  const { registry } = firestore;
  const notes: string[] = [];
  for (const table of registry.tables.values()) {
    if (table.firestore === undefined) continue;
    const references = await presentIn(postgres, referencesOf(registry, table));
    if (references.length === 0) continue;
    const missing = await followAll(postgres, firestore, { table, references, signal });
    notes.push(...missing);
  }
  return notes;
}

function referencesOf(registry: Registry, table: Table): readonly Reference[] {
  const mapping = table.firestore;
  if (mapping === undefined) return [];
  const { schema } = registry;
  const name = (of: string): string => `${quoteIdentifier(schema)}.${quoteIdentifier(of)}`;
  const own: Reference = {
    label: mapping.collection,
    field: undefined,
    table: name(table.name),
    column: mapping.idColumn,
    says: `have no row in ${table.name}`,
  };
  const others = table.foreignKeys.flatMap(({ columns, referencedTable, referencedColumns }) => {
    const [column, ...more] = columns;
    const [referenced] = referencedColumns;
    const field = [...mapping.fields.values()].find((each) => each.column === column);
    if (more.length > 0 || referenced === undefined || field === undefined) return [];
    return [
      {
        label: `${mapping.collection}.${field.name}`,
        field: field.name,
        table: name(referencedTable),
        column: referenced,
        says: `refer to no row of ${referencedTable}`,
      },
    ];
  });
  return [own, ...others];
}

/** Those whose table the database has: a registry may be ahead of it. */
async function presentIn(
  postgres: Postgres,
  references: readonly Reference[],
): Promise<readonly Reference[]> {
  const found: Reference[] = [];
  for (const reference of references) {
    const { rows } = await postgres.query<{ there: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass($1) AND attname = $2 AND NOT attisdropped) AS there`,
      [reference.table, reference.column],
    );
    if (rows[0]?.there === true) found.push(reference);
  }
  return found;
}

interface Walk {
  readonly table: Table;
  readonly references: readonly Reference[];
  readonly signal: AbortSignal | undefined;
}

async function followAll(
  postgres: Postgres,
  firestore: Firestore,
  { table, references, signal }: Walk,
): Promise<readonly string[]> {
  const collection = table.firestore?.collection ?? table.name;
  const followers = references.map((reference) => new Follower(postgres, reference));
  for await (const { path, line } of currentLines({ firestore, collection, signal })) {
    // Collections below it are others.
    if (path.split("/").length !== 2) continue;
    const document: unknown = JSON.parse(Buffer.from(line).toString());
    for (const follower of followers) await follower.follow(path, document);
  }
  for (const follower of followers) await follower.finish();
  return followers.flatMap((follower) => follower.notes);
}

/** Asks for many keys at once whether their rows are there. */
class Follower {
  readonly #postgres: Postgres;
  readonly #reference: Reference;
  readonly #waiting = new Map<string, string>();
  #missing = 0;
  #example = "";

  constructor(postgres: Postgres, reference: Reference) {
    this.#postgres = postgres;
    this.#reference = reference;
  }

  get notes(): readonly string[] {
    if (this.#missing === 0) return [];
    const { label, says } = this.#reference;
    return [`${label}: ${this.#missing} documents ${says}, for example ${this.#example}.`];
  }

  async follow(path: string, document: unknown): Promise<void> {
    const { field } = this.#reference;
    const key = field === undefined ? path.slice(path.indexOf("/") + 1) : keyIn(document, field);
    if (key === undefined) return;
    // Several documents may refer to one row: each counts.
    this.#waiting.set(path, key);
    if (this.#waiting.size >= batch) await this.finish();
  }

  async finish(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const { table, column } = this.#reference;
    const { rows } = await this.#postgres.query<{ key: string }>(
      `SELECT DISTINCT key FROM unnest($1::text[]) AS key
       WHERE NOT EXISTS (SELECT FROM ${table} AS t WHERE t.${quoteIdentifier(column)}::text = key)`,
      [[...new Set(this.#waiting.values())]],
    );
    const gone = new Set(rows.map(({ key }) => key));
    for (const [path, key] of this.#waiting) {
      if (!gone.has(key)) continue;
      this.#missing += 1;
      if (this.#example === "") this.#example = path;
    }
    this.#waiting.clear();
  }
}

/** The text or whole number in a field of a document in the REST shape. */
function keyIn(document: unknown, field: string): string | undefined {
  const value = memberOf(memberOf(document, "fields"), field);
  const key = memberOf(value, "stringValue") ?? memberOf(value, "integerValue");
  return typeof key === "string" ? key : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
