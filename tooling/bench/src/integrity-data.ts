import { runSql } from "./backup/backup-setting.ts";

/** A reference as somebody would look for its orphans by hand, and as the registry has it. */
export interface BenchReference {
  readonly columns: readonly string[];
  readonly table: string;
  readonly referenced: readonly string[];
}

/** A table with three references of which each leads nowhere in 1 % of the rows. */
export interface BenchData {
  readonly title: string;
  readonly registry: string;
  readonly references: readonly BenchReference[];
  /** Statements for a number of rows, made by the server. */
  readonly fill: (rows: number) => readonly string[];
}

/** About as many customers as there would be, and a hundred thousand products, for ten million orders. */
const customers = (rows: number): number => Math.ceil(rows / 10);
const products = (rows: number): number => Math.ceil(rows / 100);

/** One in a hundred is one more than there are. */
const numbered = (count: number): string =>
  `CASE WHEN random() < 0.01 THEN ${count} + 1 + (random() * 1000)::int ELSE 1 + floor(random() * ${count})::int END`;

const numbers: BenchData = {
  title: "numbered keys, one of two columns",
  registry: `
tables:
  customers: { columns: [{ name: id, type: bigint, pk: true }] }
  products: { columns: [{ name: id, type: integer, pk: true }] }
  shops: { pk: [country, number], columns: [{ name: country, type: integer }, { name: number, type: integer }] }
  orders:
    columns:
      - { name: id, type: bigint, pk: true }
      - { name: customer_id, type: bigint, references: customers.id }
      - { name: product_id, type: integer, references: products.id }
      - { name: shop_country, type: integer }
      - { name: shop_number, type: integer }
      - { name: email, type: text, nullable: false, unique: true }
      - { name: amount, type: "numeric(12,2)", min: 0, max: 1000 }
      - { name: placed_at, type: timestamptz, nullable: false }
    fk: [{ columns: [shop_country, shop_number], table: shops, references: [country, number] }]
`,
  references: [
    { columns: ["customer_id"], table: "customers", referenced: ["id"] },
    { columns: ["product_id"], table: "products", referenced: ["id"] },
    {
      columns: ["shop_country", "shop_number"],
      table: "shops",
      referenced: ["country", "number"],
    },
  ],
  fill: (rows) => [
    "CREATE TABLE customers (id bigint)",
    `INSERT INTO customers SELECT n FROM generate_series(1, ${customers(rows)}) AS n`,
    "CREATE TABLE products (id int)",
    `INSERT INTO products SELECT n FROM generate_series(1, ${products(rows)}) AS n`,
    "CREATE TABLE shops (country int, number int)",
    "INSERT INTO shops SELECT c, n FROM generate_series(1, 100) AS c, generate_series(1, 100) AS n",
    "ALTER TABLE customers ADD PRIMARY KEY (id)",
    "ALTER TABLE products ADD PRIMARY KEY (id)",
    "ALTER TABLE shops ADD PRIMARY KEY (country, number)",
    `CREATE TABLE orders (id bigint, customer_id bigint, product_id int, shop_country int, shop_number int, email text,
      amount numeric(12,2), placed_at timestamptz)`,
    `INSERT INTO orders SELECT n, ${numbered(customers(rows))}, ${numbered(products(rows))}, ${numbered(100)},
        1 + floor(random() * 100)::int, 'user' || n || '@example.com', round((random() * 1000)::numeric, 2),
        timestamptz '2020-01-01' + n * interval '7 seconds'
      FROM generate_series(1, ${rows}) AS n`,
    "ALTER TABLE orders ADD PRIMARY KEY (id)",
    "CREATE UNIQUE INDEX orders_email ON orders (email)",
  ],
};

/** Where a number is another kind of value: the same number, the same value. */
const uuid = (number: string): string => `md5((${number})::text)::uuid`;
const code = (number: string): string => `'P-' || (${number})`;

const words: BenchData = {
  title: "uuids and texts",
  registry: `
tables:
  members: { columns: [{ name: id, type: uuid, pk: true }] }
  articles: { columns: [{ name: code, type: text, pk: true }] }
  stores: { pk: [country, code], columns: [{ name: country, type: text }, { name: code, type: text }] }
  sales:
    columns:
      - { name: id, type: bigint, pk: true }
      - { name: member_id, type: uuid, references: members.id }
      - { name: article, type: text, references: articles.code }
      - { name: store_country, type: text }
      - { name: store_code, type: text }
    fk: [{ columns: [store_country, store_code], table: stores, references: [country, code] }]
`,
  references: [
    { columns: ["member_id"], table: "members", referenced: ["id"] },
    { columns: ["article"], table: "articles", referenced: ["code"] },
    { columns: ["store_country", "store_code"], table: "stores", referenced: ["country", "code"] },
  ],
  fill: (rows) => [
    "CREATE TABLE members (id uuid)",
    `INSERT INTO members SELECT ${uuid("n")} FROM generate_series(1, ${customers(rows)}) AS n`,
    "CREATE TABLE articles (code text)",
    `INSERT INTO articles SELECT ${code("n")} FROM generate_series(1, ${products(rows)}) AS n`,
    "CREATE TABLE stores (country text, code text)",
    `INSERT INTO stores SELECT 'c' || c, ${code("n")} FROM generate_series(1, 100) AS c, generate_series(1, 100) AS n`,
    "ALTER TABLE members ADD PRIMARY KEY (id)",
    "ALTER TABLE articles ADD PRIMARY KEY (code)",
    "ALTER TABLE stores ADD PRIMARY KEY (country, code)",
    "CREATE TABLE sales (id bigint, member_id uuid, article text, store_country text, store_code text)",
    `INSERT INTO sales SELECT n, ${uuid(numbered(customers(rows)))}, ${code(numbered(products(rows)))},
        'c' || (${numbered(100)}), ${code("1 + floor(random() * 100)::int")}
      FROM generate_series(1, ${rows}) AS n`,
    "ALTER TABLE sales ADD PRIMARY KEY (id)",
  ],
};

/** The table that is checked, by the kind of its keys. */
export const benchData = { orders: numbers, sales: words } as const;

export type BenchTable = keyof typeof benchData;

/** Vacuumed and analysed, so that no reader pays for what the writer left. */
export async function fillTables(url: string, table: BenchTable, rows: number): Promise<void> {
  const setup = ["SET synchronous_commit = off", "SELECT setseed(0.42)"];
  await runSql(url, [...setup, ...benchData[table].fill(rows)].join(";\n"));
  await runSql(url, "VACUUM (ANALYZE)");
  await runSql(url, "CHECKPOINT");
}

/** The anti-joins as one writes them: a statement for each reference. */
export function handWritten(table: BenchTable): readonly string[] {
  return benchData[table].references.map(({ columns, table: other, referenced }) => {
    const notNull = columns.map((name) => `t.${name} IS NOT NULL`).join(" AND ");
    const same = columns.map((name, index) => `r.${referenced[index] ?? ""} = t.${name}`);
    return `SELECT count(*) FROM ${table} t WHERE ${notNull} AND NOT EXISTS (SELECT FROM ${other} r WHERE ${same.join(" AND ")})`;
  });
}
