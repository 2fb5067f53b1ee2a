import { setTimeout as sleep } from "node:timers/promises";
import { openPostgres, type Postgres, schemaSql } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { parseRegistry } from "@ctb-data/registry";
import { testDir, type TestDir } from "./test-dir.ts";

const file = "db/registry/clnt_column_registry.yml";

const shopRegistry = `tables:
  customers:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: name, type: text, required: true }
  orders:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: customer_id, type: integer, references: customers.id }
      - { name: state, type: text, enum: [open, paid] }
`;

/** A project with a database that has its schema, three customers and ten orders of theirs. */
export interface ShopProject extends AsyncDisposable {
  readonly dir: TestDir;
  readonly db: Postgres;
  /** The name of the database. */
  readonly database: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface ShopOptions {
  /** Of a registry other than that with two tables. */
  readonly registry?: string;
}

export async function shopProject({
  registry = shopRegistry,
}: ShopOptions = {}): Promise<ShopProject> {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await createTestDatabase());
  const dir = opening.use(await testDir({ [file]: registry }));
  const parsed = parseRegistry(registry);
  const db = opening.use(await openPostgres({ url: database.url, registry: parsed }));
  await db.query(schemaSql(parsed));
  await db.query(
    "INSERT INTO customers (name) SELECT 'customer ' || n FROM generate_series(1, 3) AS n",
  );
  await db.query(
    "INSERT INTO orders (customer_id, state) SELECT n % 3 + 1, 'open' FROM generate_series(1, 10) AS n",
  );
  const opened = opening.move();
  return {
    dir,
    db,
    database: database.name,
    env: { DATABASE_URL: database.url },
    [Symbol.asyncDispose]: async () => {
      await opened.disposeAsync();
    },
  };
}

/** Puts orders of customers that are not there behind the back of the foreign key, which still calls itself valid. */
export async function plantOrphans(db: Postgres, count: number): Promise<void> {
  await db.query(`ALTER TABLE orders DISABLE TRIGGER ALL;
    INSERT INTO orders (customer_id, state) SELECT 1000 + n, 'open' FROM generate_series(1, ${count}) AS n;
    ALTER TABLE orders ENABLE TRIGGER ALL;`);
}

/** How many orders there are. */
export async function ordersIn(db: Postgres): Promise<number> {
  const { rows } = await db.query<{ n: number }>("SELECT count(*)::int AS n FROM orders");
  return rows[0]?.n ?? -1;
}

/** Resolves when a session of `ctb-data` waits for a lock in the database. */
export async function untilItWaits(db: Postgres): Promise<void> {
  await untilSession(db, "wait_event_type = 'Lock'");
}

/** Resolves when one runs a statement in which this stands. */
export async function untilItRuns(db: Postgres, text: string): Promise<void> {
  await untilSession(db, `state = 'active' AND query LIKE '%${text}%'`);
}

async function untilSession(db: Postgres, condition: string): Promise<void> {
  for (;;) {
    const { rowCount } = await db.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database()
        AND application_name LIKE 'ctb-data%' AND pid <> pg_backend_pid() AND ${condition}`,
    );
    if (rowCount > 0) return;
    await sleep(50);
  }
}
