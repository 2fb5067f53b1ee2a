import { expect, test } from "vitest";
import { foundBy, rowsWorld } from "../../testing/rows-world.ts";

function typed(name: string, type: string, to: string): string {
  return `      - { name: ${name}, type: "${type}", references: { table: keys, column: ${to} } }`;
}

test("orphans are found behind references that are declared, not validated, only in the registry, and loaded while triggers were off", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE customers (id bigint PRIMARY KEY)",
    "INSERT INTO customers SELECT n FROM generate_series(1, 100) AS n",
    `CREATE TABLE orders (id int PRIMARY KEY, a bigint REFERENCES customers, b int, c bigint, d bigint)`,
    // convalidated says true, and VALIDATE CONSTRAINT does nothing.
    "SET session_replication_role = replica; INSERT INTO orders VALUES (1, 1, 1, 1, 1), (2, 999, 2, 2, 2), (3, NULL, NULL, NULL, NULL), (4, 4, 888, 777, 666), (5, -5, 100, 0, 101); SET session_replication_role = origin",
    "ALTER TABLE orders ADD CONSTRAINT late FOREIGN KEY (b) REFERENCES customers NOT VALID",
    "ALTER TABLE orders VALIDATE CONSTRAINT orders_a_fkey",
  );
  const registry = `
tables:
  customers: { columns: [{ name: id, type: bigint, pk: true }] }
  orders:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: c, type: bigint, references: customers.id }
      - { name: gone, type: bigint, references: customers.id }
  vanished:
    columns: [{ name: a, type: bigint, references: customers.id }]`;
  expect(await foundBy(world, await world.scans({ registry }))).toEqual({
    "orphan:orders(a)->customers(id)": ["2", "5"],
    "orphan:orders(b)->customers(id)": ["4"],
    "orphan:orders(c)->customers(id)": ["4", "5"],
  });
  expect(world.notChecked).toEqual([
    "The reference vanished_a_fkey was not checked: there is no table vanished.",
    "The reference orders_gone_fkey of orders was not checked: there is no column gone.",
  ]);
});

test("keys of several columns follow MATCH SIMPLE and MATCH FULL, whole numbers and texts", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE shops (country int, number bigint, code text, PRIMARY KEY (country, number), UNIQUE (code, number))",
    "INSERT INTO shops VALUES (1, 1, 'a'), (1, 2, 'b'), (9, 9, 'c')",
    `CREATE TABLE orders (id int PRIMARY KEY, country int, number bigint, code text,
      CONSTRAINT simple FOREIGN KEY (country, number) REFERENCES shops,
      CONSTRAINT whole FOREIGN KEY (number, country) REFERENCES shops (number, country) MATCH FULL,
      CONSTRAINT texts FOREIGN KEY (code, number) REFERENCES shops (code, number) MATCH FULL)`,
    `SET session_replication_role = replica;
    INSERT INTO orders VALUES (1, 1, 1, 'a'), (2, 1, 9, 'b'), (3, 9, 1, 'c'), (4, NULL, 1, 'a'), (5, NULL, NULL, NULL), (6, 5, NULL, NULL),
      (7, NULL, 2, NULL), (8, 9, 9, 'c'), (9, NULL, NULL, 'x'); SET session_replication_role = origin`,
    // The same columns by two constraints are one reference, of which FULL asks more.
  );
  expect(await foundBy(world, await world.scans())).toEqual({
    "orphan:orders(country,number)->shops(country,number)": ["2", "3", "4", "6", "7"],
    "orphan:orders(code,number)->shops(code,number)": ["2", "3", "7", "9"],
  });
  await world.run("ALTER TABLE orders DROP CONSTRAINT whole");
  const simple = await foundBy(world, await world.scans());
  expect(simple["orphan:orders(country,number)->shops(country,number)"]).toEqual(["2", "3"]);
});

test("a row that refers to its own table, to another schema and to a partitioned table, with hostile names", async () => {
  await using world = await rowsWorld(
    `CREATE SCHEMA "Other ""x"""`,
    `CREATE TABLE "Other ""x"""."Länder; --" ("The ""id""" text PRIMARY KEY, "SELECT" int UNIQUE)`,
    `INSERT INTO "Other ""x"""."Länder; --" VALUES (E'a\\tb\\\\', 1), ('de', 2)`,
    `CREATE TABLE "it's" ("tab\t" int, "from" text, boss int, PRIMARY KEY ("tab\t"),
      CONSTRAINT "c'1" FOREIGN KEY ("from") REFERENCES "Other ""x"""."Länder; --", FOREIGN KEY (boss) REFERENCES "it's")
      PARTITION BY RANGE ("tab\t")`,
    `CREATE TABLE small PARTITION OF "it's" FOR VALUES FROM (0) TO (10)`,
    `CREATE TABLE "LARGE" PARTITION OF "it's" FOR VALUES FROM (10) TO (1000)`,
    `SET session_replication_role = replica; INSERT INTO "it's" VALUES (1, E'a\\tb\\\\', NULL), (2, 'xx', 1), (11, 'de', 11), (12, 'de', 99), (13, NULL, 2);
    SET session_replication_role = origin`,
  );
  const scans = await world.scans();
  expect(scans.map(({ name }) => name)).toEqual(["it's"]);
  expect(await foundBy(world, scans)).toEqual({
    [`orphan:"it's"("from")->"Other ""x"""."Länder; --"("The ""id""")`]: ["2"],
    [`orphan:"it's"(boss)->"it's"("tab\t")`]: ["12"],
  });
});

test("types that differ compare as PostgreSQL compares them, and as texts where it cannot", async () => {
  await using world = await rowsWorld(
    "CREATE DOMAIN positive AS numeric CHECK (VALUE > 0)",
    `CREATE TABLE keys (id bigint PRIMARY KEY, uid uuid UNIQUE, amount positive UNIQUE, word text COLLATE "C" UNIQUE, padded char(5) UNIQUE)`,
    "INSERT INTO keys VALUES (7, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 1.50, 'seven', 'ab')",
    `CREATE TABLE refs (id int PRIMARY KEY, by_id text, by_uid text, by_amount numeric(9,4), by_word varchar(9) COLLATE "POSIX", by_padded char(9))`,
    `INSERT INTO refs VALUES (1, '7', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 1.5000, 'seven', 'ab'),
      (2, '07', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 1.5001, 'Seven', 'ac')`,
  );
  const scans = await world.scans({
    registry: `
tables:
  keys:
    columns:
      - { name: id, type: bigint, pk: true }
      - { name: uid, type: uuid, unique: true }
      - { name: amount, type: numeric, unique: true }
      - { name: word, type: text, unique: true }
      - { name: padded, type: char(5), unique: true }
  refs:
    columns:
      - { name: id, type: integer, pk: true }
${typed("by_id", "bigint", "id")}
${typed("by_uid", "uuid", "uid")}
${typed("by_amount", "numeric", "amount")}
${typed("by_word", "text", "word")}
${typed("by_padded", "char(5)", "padded")}`,
  });
  expect(await foundBy(world, scans)).toEqual({
    "orphan:refs(by_amount)->keys(amount)": ["2"],
    "orphan:refs(by_id)->keys(id)": ["2"],
    "orphan:refs(by_padded)->keys(padded)": ["2"],
    "orphan:refs(by_uid)->keys(uid)": ["2"],
    "orphan:refs(by_word)->keys(word)": ["2"],
  });
  expect(world.notChecked).toEqual([]);
});

test("keys that are there twice, numbers far apart, negative and at the ends of bigint", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE keys (id bigint, near smallint)",
    "INSERT INTO keys SELECT n, n FROM generate_series(-3, 3) AS n, generate_series(1, 3)",
    "INSERT INTO keys VALUES (9223372036854775807, -32768), (-9223372036854775808, 32767), (NULL, NULL)",
    "CREATE TABLE refs (id int PRIMARY KEY, far bigint, near int)",
    "INSERT INTO refs VALUES (1, 9223372036854775807, 32767), (2, -9223372036854775808, -32768), (3, 9223372036854775806, 32768), (4, 0, 0), (5, NULL, NULL), (6, 4, 2147483647), (7, -3, -2147483648)",
  );
  const registry = `
tables:
  keys: { columns: [{ name: id, type: bigint, unique: true }, { name: near, type: smallint, unique: true }] }
  refs:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: far, type: bigint, references: keys.id }
      - { name: near, type: smallint, references: keys.near }`;
  const found = await foundBy(world, await world.scans({ registry }));
  expect(found["orphan:refs(far)->keys(id)"]).toEqual(["3", "6"]);
  expect(found["orphan:refs(near)->keys(near)"]).toEqual(["3", "6", "7"]);
});

test("an empty table, references to an empty one, and one without a primary key, of which rows are named by their place", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE nothing (id int PRIMARY KEY, code text UNIQUE, next int REFERENCES nothing)",
    "CREATE TABLE log (nothing int REFERENCES nothing, code text REFERENCES nothing (code))",
    "SET session_replication_role = replica; INSERT INTO log VALUES (NULL, NULL), (1, 'x'); SET session_replication_role = origin",
  );
  expect(await foundBy(world, await world.scans())).toEqual({
    "orphan:log(code)->nothing(code)": ["(0,2)"],
    "orphan:log(nothing)->nothing(id)": ["(0,2)"],
  });
});
