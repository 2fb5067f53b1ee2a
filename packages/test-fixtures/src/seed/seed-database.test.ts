import { parseKeyring } from "@ctb-data/models";
import { openPostgres, schemaSql, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomRulesRegistry, runs } from "../../testing/random-rules-registry.ts";
import { fixturesFor } from "../factories/fixtures-for.ts";
import { seedDatabase } from "./seed-database.ts";
import type { SeedProgress } from "./seed-options.ts";

const keyring = parseKeyring("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdee");

async function withDatabase(registry: Registry, run: (db: Postgres) => Promise<void>): Promise<void> {
  await using database = await createTestDatabase();
  await using db = await openPostgres({ url: database.url, registry, keyring, poolSize: 2 });
  await db.withConnection(async (connection) => await connection.query(`DO $do$ BEGIN ${schemaSql(registry)} END $do$`));
  await run(db);
} // prettier-ignore

const shop = parseRegistry(
  `
tables:
  clients:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: name, type: varchar(255), nullable: false }
      - { name: email, type: varchar(255), unique: true }
      - { name: note, type: text, encrypted: true }
      - { name: tax_id, type: text, encrypted: { blind_index: true }, unique: true }
  orders:
    columns:
      - { name: id, type: uuid, primary_key: true }
      - { name: client_id, type: integer, nullable: false, references: clients.id }
      - { name: amount, type: "numeric(10,2)", check: amount > 0 }
  lines:
    columns:
      - { name: order_id, type: uuid, references: orders.id }
      - { name: number, type: smallint }
      - { name: parent_id, type: uuid, references: orders.id }
    primary_key: [order_id, number]
  colours:
    columns:
      - { name: name, type: text, enum: [red, green, blue], primary_key: true }
`,
  { file: "shop.yml" },
);

const countsOf = async (db: Postgres): Promise<Readonly<Record<string, number>>> =>
  Object.fromEntries(await Promise.all([...shop.tables.keys()].map(async (name) => [name, await db.table(name).count()] as const))); // prettier-ignore

/** What a seed makes of an empty shop. */
const madeBy = async (seed: number): Promise<readonly unknown[]> => {
  let found: readonly unknown[] = [];
  await withDatabase(shop, async (db) => {
    await seedDatabase(db, { registry: shop, keyring, seed, count: 20 });
    const { rows } = await db.query("SELECT c.name, c.email, o.id, o.amount FROM orders o JOIN clients c ON c.id = client_id ORDER BY o.id"); // prettier-ignore
    found = rows;
  });
  return found;
};

describe("seedDatabase", () => {
  test("fills random registries twice in a row with rows that their models take", { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(randomRulesRegistry, fc.integer(), async (registry, seed) => {
        await withDatabase(registry, async (db) => {
          const first = await seedDatabase(db, { registry, keyring, seed, count: 40 });
          const second = await seedDatabase(db, { registry, keyring, seed, count: 40 });
          const fixtures = fixturesFor(registry);
          for (const { table, rows } of first.tables) {
            const again = second.tables.find((other) => other.table === table)?.rows ?? 0;
            const isTiny = registry.tables.get(table)?.columns.get("id")?.type.kind === "enum";
            expect([rows, again]).toEqual(isTiny ? [3, 0] : [40, 40]);
            const back = await db.table(table).find({});
            expect(back).toHaveLength(rows + again);
            // Everything but the keys is given, so that each value is looked at by the model.
            if (!isTiny) for (const row of back.slice(0, 20)) fixtures.table(table).make(ownValues(registry, table, row));
          }
        });
      }),
      runs,
    );
  }); // prettier-ignore

  test("continues behind the keys that are there, and leaves sequences behind its own", async () => {
    await withDatabase(shop, async (db) => {
      const own = await db.table("clients").insert({ name: "Own", email: "own5000@example.com" });
      await seedDatabase(db, { registry: shop, keyring, count: 300 });
      await seedDatabase(db, { registry: shop, keyring, count: 300 });
      expect(await countsOf(db)).toEqual({ clients: 601, orders: 600, lines: 600, colours: 3 });
      const next = await db.table("clients").insert({ name: "Next" });
      expect([own["id"], next["id"]]).toEqual([1, 602]);
      const { rows } = await db.query<{ least: bigint }>(
        "SELECT min(substring(email from '([0-9]+)@')::int) AS least FROM clients WHERE id > 1",
      );
      expect(Number(rows[0]?.least)).toBe(5001);
    });
  });

  test("reads encrypted columns back, and finds them by their blind index", async () => {
    await withDatabase(shop, async (db) => {
      await seedDatabase(db, { registry: shop, keyring, counts: { clients: 50 } });
      const [client] = await db.table("clients").find({ id: 7 });
      const stored = await db.query<{ tax_id: string }>("SELECT tax_id FROM clients WHERE id = 7");
      expect(stored.rows[0]?.tax_id).toMatch(/^ctb1\./);
      expect(await db.table("clients").find({ tax_id: String(client?.["tax_id"]) })).toHaveLength(
        1,
      );
    });
  });

  test("writes the same values for the same seed, and others for another", async () => {
    const [first, same, other] = [await madeBy(1), await madeBy(1), await madeBy(2)];
    expect(same).toEqual(first);
    expect(first).toHaveLength(20);
    expect(other).not.toEqual(first);
  });

  test("fills single tables, whose references lead to rows that are there", async () => {
    await withDatabase(shop, async (db) => {
      await expect(seedDatabase(db, { registry: shop, keyring, counts: { orders: 5 } })).rejects.toMatchObject({ code: "CANNOT_MAKE", table: "orders", column: "client_id" }); // prettier-ignore
      await seedDatabase(db, { registry: shop, keyring, counts: { clients: 2 } });
      await seedDatabase(db, { registry: shop, keyring, tables: ["orders"], count: 100 });
      const { rows } = await db.query("SELECT DISTINCT client_id FROM orders ORDER BY 1");
      expect(rows).toEqual([{ client_id: 1 }, { client_id: 2 }]);
    });
  });

  test("refuses counts that a key does not have, unknown tables and numbers that are none", async () => {
    await withDatabase(shop, async (db) => {
      const seeded = async (counts: Readonly<Record<string, number>>): Promise<unknown> =>
        await seedDatabase(db, { registry: shop, keyring, counts });
      await expect(seeded({ colours: 4 })).rejects.toMatchObject({ code: "CANNOT_MAKE", table: "colours" }); // prettier-ignore
      await expect(seeded({ client: 4 })).rejects.toThrow('did you mean "clients"?');
      await expect(seeded({ clients: 1.5 })).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
      expect(await countsOf(db)).toEqual({ clients: 0, orders: 0, lines: 0, colours: 0 });
    });
  });

  test("tells of every row once", async () => {
    await withDatabase(shop, async (db) => {
      const told: SeedProgress[] = [];
      await seedDatabase(db, { registry: shop, keyring, counts: { clients: 500, colours: 3 }, onProgress: (progress) => told.push(progress) }); // prettier-ignore
      const items = (name: string): number => told.reduce((sum, each) => sum + (each.kind === "count" && each.name === name ? each.items : 0), 0); // prettier-ignore
      expect(told[0]).toEqual({ kind: "total", store: "postgres", items: 503 });
      expect([items("clients"), items("colours")]).toEqual([500, 3]);
    });
  });

  test("leaves nothing behind when it is stopped in the middle of a later table", async () => {
    await withDatabase(shop, async (db) => {
      const controller = new AbortController();
      const stopped = seedDatabase(db, {
        registry: shop,
        keyring,
        count: 4000,
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.kind === "count" && progress.name === "orders") controller.abort();
        },
      });
      await expect(stopped).rejects.toMatchObject({ name: "FixtureError", code: "CANCELLED" });
      expect(await countsOf(db)).toEqual({ clients: 0, orders: 0, lines: 0, colours: 0 });
      const first = await db.table("clients").insert({ name: "First" });
      expect(first["id"]).toBe(1);
    });
  });

  test("a connection that breaks is told as that, and leaves nothing behind", async () => {
    await withDatabase(shop, async (db) => {
      const cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"; // prettier-ignore
      let cutting: Promise<unknown> | undefined;
      const onProgress = ({ kind }: SeedProgress): void => {
        if (kind === "count") cutting ??= db.query(cut);
      };
      await expect(seedDatabase(db, { registry: shop, keyring, count: 20_000, onProgress })).rejects.toMatchObject({ code: "DATABASE_FAILED", message: expect.stringMatching(/^Seeding was cut off/) }); // prettier-ignore
      await cutting;
      expect(await countsOf(db)).toEqual({ clients: 0, orders: 0, lines: 0, colours: 0 });
    });
  });

  test("names the column of the live table that must have a value and is not in the registry", async () => {
    await withDatabase(shop, async (db) => {
      await db.query("ALTER TABLE colours ADD COLUMN shade text NOT NULL");
      await expect(seedDatabase(db, { registry: shop, keyring, counts: { colours: 2 } })).rejects.toMatchObject({ code: "CANNOT_MAKE", table: "colours", column: "shade", hint: expect.stringContaining("That shade must have a value") }); // prettier-ignore
    });
  });

  test("names the constraint that it does not understand", async () => {
    const odd = parseRegistry(
      "tables: { things: { columns: [{ name: a, type: integer, check: 'a % 7 = 3' }] } }",
      { file: "odd.yml" },
    );
    await withDatabase(odd, async (db) => {
      await expect(seedDatabase(db, { registry: odd, count: 50 })).rejects.toMatchObject({ code: "CANNOT_MAKE", table: "things", hint: expect.stringContaining("things_a_check") }); // prettier-ignore
    });
  });
});

function ownValues(registry: Registry, name: string, row: object): object {
  const table = registry.tables.get(name);
  const keys = new Set([...(table?.primaryKey?.columns ?? []), ...(table?.uniques.flatMap(({ columns }) => columns) ?? [])]); // prettier-ignore
  return Object.fromEntries(Object.entries(row).filter(([column]) => !keys.has(column) && table?.columns.get(column)?.blindIndexOf === undefined)); // prettier-ignore
}
