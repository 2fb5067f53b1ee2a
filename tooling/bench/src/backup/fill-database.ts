import { Client } from "pg";
import { to as copyTo } from "pg-copy-streams";

/** The tables of the bench, and the share of the data that each has, in bytes of COPY. */
const tables = [
  // Text: people who write.
  {
    name: "customers",
    share: 0.25,
    create: `CREATE TABLE customers (
      id bigserial PRIMARY KEY,
      name text NOT NULL,
      email varchar(255) NOT NULL,
      address text,
      note text NOT NULL,
      created_at timestamptz NOT NULL)`,
    rows: (count: number) => `INSERT INTO customers (name, email, address, note, created_at)
      SELECT ${words(2)}, ${words(1)} || n || '@example.com',
        CASE WHEN n % 7 > 0 THEN ${words(2)} || ' street ' || (random() * 300)::int || ', ' || ${words(1)} END,
        ${words(24)}, timestamptz '2020-01-01' + random() * interval '6 years'
      FROM generate_series(1, ${count}) AS n`,
    after: [
      "CREATE UNIQUE INDEX customers_email ON customers (email)",
      "CREATE INDEX customers_created_at ON customers (created_at)",
    ],
  },
  // Integers and numerics: what is counted and measured.
  {
    name: "measurements",
    share: 0.35,
    create: `CREATE TABLE measurements (
      id bigint NOT NULL,
      customer_id bigint NOT NULL,
      kind smallint NOT NULL,
      amount numeric(12,2) NOT NULL,
      ratio double precision,
      day date NOT NULL,
      flags integer NOT NULL,
      taken_at timestamptz NOT NULL)`,
    rows: (count: number) => `INSERT INTO measurements
      SELECT n, 1 + (random() * (SELECT max(id) - 1 FROM customers))::bigint, (random() * 20)::int,
        round((random() * 100000)::numeric, 2), CASE WHEN n % 5 > 0 THEN round((random() * 100)::numeric, 6) END,
        date '2020-01-01' + (random() * 2200)::int, (random() * 65535)::int, timestamptz '2020-01-01' + n * interval '7 seconds'
      FROM generate_series(1, ${count}) AS n`,
    after: [
      "ALTER TABLE measurements ADD PRIMARY KEY (id)",
      "CREATE INDEX measurements_customer ON measurements (customer_id)",
      "ALTER TABLE measurements ADD FOREIGN KEY (customer_id) REFERENCES customers",
    ],
  },
  // JSONB: events of an application.
  {
    name: "events",
    share: 0.4,
    create: `CREATE TABLE events (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      kind text NOT NULL,
      at timestamptz NOT NULL,
      payload jsonb NOT NULL)`,
    rows: (count: number) => `INSERT INTO events (kind, at, payload)
      SELECT (ARRAY['page.viewed', 'order.placed', 'order.paid', 'user.signed_in', 'mail.sent'])[1 + n % 5],
        timestamptz '2024-01-01' + n * interval '11 seconds',
        jsonb_build_object(
          'session', gen_random_uuid(), 'user', jsonb_build_object('id', (random() * 1000000)::int, 'name', ${words(2)}),
          'path', '/' || ${words(1)} || '/' || (random() * 10000)::int, 'duration_ms', round((random() * 3000)::numeric, 3),
          'items', jsonb_build_array(
            jsonb_build_object('sku', 'SKU-' || (random() * 100000)::int, 'quantity', 1 + n % 4, 'price', round((random() * 500)::numeric, 2)),
            jsonb_build_object('sku', 'SKU-' || (random() * 100000)::int, 'quantity', 1 + n % 3, 'price', round((random() * 500)::numeric, 2))),
          'referrer', CASE WHEN n % 3 = 0 THEN NULL ELSE 'https://' || ${words(1)} || '.example/' || ${words(1)} END,
          'flags', jsonb_build_array(n % 2 = 0, n % 11 = 0), 'tags', jsonb_build_array(${words(1)}, ${words(1)}), 'note', ${words(8)})
      FROM generate_series(1, ${count}) AS n`,
    after: ["CREATE INDEX events_kind_at ON events (kind, at)"],
  },
] as const;

/** Words in an array that the session holds as a setting: the same for each row, and read without a table. */
const vocabulary =
  "able account action amount answer apple archive autumn balance basket bicycle blue bridge butter candle carpet castle change circle client cloud coffee copper corner cotton country delivery desert detail dinner dragon early engine evening family farmer field figure finger forest garden glass green hammer harbour history honey house invoice island journey kitchen ladder lemon letter market meadow melody mirror morning mountain music number ocean office orange order paper pencil people picture planet pocket question quiet rabbit railway record river salmon season second shadow silver simple sister slowly socket spring station summer sunday table ticket timber travel valley velvet village violet walnut water weather window winter wonder yellow";

function words(count: number): string {
  const one = `w[1 + (random() * ${vocabulary.split(" ").length - 1})::int]`;
  return `(${Array.from({ length: count }, () => one).join(" || ' ' || ")})`;
}

/**
 * Fills an empty database with about `megabytes` of COPY text in three tables, with indexes, a foreign key and sequences, all made by
 * the server. It is vacuumed and analysed, so that no reader pays for what the writer left.
 *
 * @returns how many bytes of COPY text it holds.
 */
export async function fillDatabase(url: string, megabytes: number): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("SET synchronous_commit = off");
    for (const table of tables) {
      await client.query(table.create);
      await client.query("SELECT setseed(0.42)");
      const sample = 2000;
      await insert(client, table.rows(sample));
      const rowBytes = (await copyBytes(client, table.name)) / sample;
      await client.query(`TRUNCATE ${table.name} RESTART IDENTITY CASCADE`);
      await insert(client, table.rows(Math.ceil((megabytes * table.share * 1e6) / rowBytes)));
    }
    for (const sql of tables.flatMap(({ after }) => [...after])) await client.query(sql);
    await client.query("CREATE SEQUENCE invoice_numbers INCREMENT BY 7 START WITH 1000");
    await client.query("SELECT nextval('invoice_numbers') FROM generate_series(1, 50)");
    await client.query("VACUUM (ANALYZE)");
    await client.query("CHECKPOINT");
    let bytes = 0;
    for (const { name } of tables) bytes += await copyBytes(client, name);
    return bytes;
  } finally {
    await client.end();
  }
}

/** The words as a column of one row beside each series. */
async function insert(client: Client, sql: string): Promise<void> {
  const array = `string_to_array('${vocabulary}', ' ')`;
  await client.query(`${sql} CROSS JOIN (SELECT ${array} AS w OFFSET 0) AS vocabulary`);
}

/** How long the COPY text of a query is. */
async function copyBytes(client: Client, query: string): Promise<number> {
  let bytes = 0;
  for await (const chunk of client.query(copyTo(`COPY ${query} TO STDOUT`))) {
    if (chunk instanceof Uint8Array) bytes += chunk.length;
  }
  return bytes;
}
