import { Blueprint, Client, ImoProcess, parseKeyring } from "@ctb-data/models";
import { openPostgres, schemaSql, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import { faker as german } from "@faker-js/faker/locale/de";
import { describe, expect, test } from "vitest";
import { seedProject } from "../seed-project.ts";
import { fixturesFor } from "./fixtures-for.ts";

const { registry } = await seedProject();

const registryOf = (yaml: string): Registry => parseRegistry(yaml, { file: "test.yml" });

async function withDatabase(of: Registry, run: (db: Postgres) => Promise<void>): Promise<void> {
  await using database = await createTestDatabase();
  await using db = await openPostgres({ url: database.url, registry: of, poolSize: 2 });
  await db.withConnection(async (connection) => await connection.query(`DO $do$ BEGIN ${schemaSql(of)} END $do$`)); // prettier-ignore
  await run(db);
}

describe("the seed's classes", () => {
  test("make instances with every column, row n referring to row n", () => {
    const fixtures = fixturesFor(registry);
    const clients = fixtures.of(Client).many(3);
    const blueprints = fixtures.of(Blueprint).many(3);
    const process = fixtures.of(ImoProcess).make();
    expect(clients[0]).toBeInstanceOf(Client);
    expect(clients[0]?.email).toMatch(/^[a-z.]+1@example\.com$/);
    expect(blueprints.map((blueprint) => blueprint.client_id)).toEqual(clients.map(({ id }) => id));
    expect(process.blueprint_id).toBe(blueprints[0]?.id);
    expect(Client.parse(clients[0]?.toJson())).toEqual(clients[0]);
  });

  test("are written with all that they refer to, and come back with the database's numbers", async () => {
    await withDatabase(registry, async (db) => {
      const fixtures = fixturesFor(registry);
      await db.table(Client).insert([{ name: "Ada" }, { name: "Bob" }]);
      const process = await fixtures.of(ImoProcess).create(db, { status: "done" });
      expect(process).toBeInstanceOf(ImoProcess);
      const blueprint = await db.table(Blueprint).get(process.blueprint_id ?? 0);
      expect(blueprint?.client_id).toBe(3);
      expect(process.status).toBe("done");
      const more = await fixtures.of(Blueprint).createMany(db, 20, (index) => (index === 0 ? { client_id: 1 } : {})); // prettier-ignore
      expect(new Set(more.map(({ client_id }) => client_id)).size).toBe(20);
      expect(await db.table(Client).count()).toBe(22);
    });
  });

  test("refer to the row that is given, by its name or by its key", async () => {
    await withDatabase(registry, async (db) => {
      const fixtures = fixturesFor(registry);
      const client = await fixtures.of(Client).create(db);
      const [first, second] = [
        await fixtures.of(Blueprint).create(db, { client }),
        await fixtures.of(Blueprint).create(db, { client_id: client.id }),
      ];
      expect([first.client_id, second.client_id]).toEqual([client.id, client.id]);
      expect(await db.table(Client).count()).toBe(1);
      const alone = await fixtures.of(Blueprint).create(db, { client_id: null });
      expect(alone.client_id).toBeNull();
    });
  });

  test("leave nothing behind when one of many rows is refused", async () => {
    await withDatabase(registry, async (db) => {
      const created = fixturesFor(registry)
        .of(Blueprint)
        .createMany(db, 3, (index) => (index === 2 ? { client_id: 999 } : {}));
      await expect(created).rejects.toMatchObject({ code: "INVALID_OVERRIDE", table: "blueprints", hint: expect.stringContaining("clients") }); // prettier-ignore
      expect(await db.table(Client).count()).toBe(0);
    });
  });
});

describe("determinism", () => {
  test("the same seed makes the same rows, whatever else is made before", () => {
    const [first, second, third] = [fixturesFor(registry), fixturesFor(registry), fixturesFor(registry, { seed: 2 })]; // prettier-ignore
    const one = first.of(Client).many(5);
    second.of(ImoProcess).many(7);
    second.of(Blueprint).edges();
    expect(second.of(Client).many(5)).toEqual(one);
    expect(third.of(Client).many(5)).not.toEqual(one);
  });

  test("what is created is the same with rows that were made to be referred to, and without", async () => {
    await withDatabase(registry, async (db) => {
      const first = await fixturesFor(registry).of(Client).createMany(db, 3);
      await db.table(Client).delete({}, { all: true });
      const fixtures = fixturesFor(registry);
      await fixtures.of(Blueprint).createMany(db, 3);
      const second = await fixtures.of(Client).createMany(db, 3);
      expect(second.map(({ name, email }) => [name, email])).toEqual(first.map(({ name, email }) => [name, email])); // prettier-ignore
    });
  });

  test("another language leaves its own faker as it was", () => {
    german.seed(5);
    const expected = german.person.fullName();
    german.seed(5);
    const made = fixturesFor(registry, { locale: german }).of(Client).make();
    expect(german.person.fullName()).toBe(expected);
    expect(made.name).not.toBe(fixturesFor(registry).of(Client).make().name);
  });
});

describe("keys", () => {
  test("do not collide in 100,000 rows", () => {
    const clients = fixturesFor(registry).of(Client).many(100_000);
    expect(new Set(clients.map(({ id }) => id)).size).toBe(100_000);
    expect(new Set(clients.map(({ email }) => email?.toLowerCase())).size).toBe(100_000);
  });

  test("of several columns have as many rows as their values allow, and not one more", () => {
    const small = registryOf(`
enums: { size: [S, M, L] }
tables:
  shirts:
    columns:
      - { name: size, type: size }
      - { name: printed, type: boolean }
      - { name: code, type: text, pattern: "^[AB]\\\\d$" }
    primary_key: [size, printed]
    unique: [[code]]
`);
    const factory = fixturesFor(small).table("shirts");
    const shirts = factory.many(6);
    expect(new Set(shirts.map(({ size, printed }) => `${String(size)} ${String(printed)}`)).size).toBe(6); // prettier-ignore
    expect(new Set(shirts.map(({ code }) => code)).size).toBe(6);
    expect(() => factory.make()).toThrow(/its key shirts_pkey \(size, printed\) has 6 values/);
  });

  test("an edge of a key can be had once, and is not made again", () => {
    const small = registryOf(
      "tables: { t: { columns: [{ name: id, type: smallint, primary_key: true, min: 1, max: 9 }] } }",
    );
    const factory = fixturesFor(small).table("t");
    const rows = [...factory.edges(), ...factory.many(4)];
    expect(new Set(rows.map(({ id }) => id)).size).toBe(9);
    expect(rows.map(({ id }) => id).slice(0, 2)).toEqual([9, 1]);
    expect(() => factory.make()).toThrow(/no other row/);
  });
});

describe("overrides", () => {
  const clients = fixturesFor(registry).of(Client);

  test("that are not valid are told with their column", () => {
    expect(() => clients.make({ name: "x".repeat(256) })).toThrow(/clients\.name is 256 characters long/); // prettier-ignore
    expect(() => clients.many(2, (index) => ({ name: index === 1 ? "" : "A", email: "y".repeat(300) }))).toThrow(expect.objectContaining({ code: "INVALID_OVERRIDE", table: "clients", column: "email" })); // prettier-ignore
  });

  test("of unknown columns are told with the nearest name", () => {
    const wrong: object = { emial: "x@example.com" };
    expect(() => clients.make(wrong)).toThrow(expect.objectContaining({ code: "INVALID_OVERRIDE", column: "emial", hint: "Did you mean email?" })); // prettier-ignore
  });

  test("of a reference must be a row of the other table", () => {
    const fixtures = fixturesFor(registry);
    expect(() => fixtures.of(Blueprint).make({ client: { name: "x" } })).toThrow(/not a row of clients: it has no id/); // prettier-ignore
  });

  test("unknown tables are told with the nearest name", () => {
    expect(() => fixturesFor(registry).table("client")).toThrow(expect.objectContaining({ code: "NOT_FOUND", message: expect.stringContaining('"clients"') })); // prettier-ignore
  });
});

describe("references", () => {
  test("in a circle are left null, and those to a row's own table lead to itself where they must", async () => {
    const circle = registryOf(`
tables:
  teams:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: lead_id, type: integer, references: people.id }
      - { name: root_id, type: integer, nullable: false, references: teams.id }
  people:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: team_id, type: integer, nullable: false, references: teams.id }
`);
    await withDatabase(circle, async (db) => {
      const fixtures = fixturesFor(circle);
      const people = await fixtures.table("people").createMany(db, 2);
      const teams = await db.table("teams").find({}, { orderBy: { id: "asc" } });
      expect(people.map((person) => person["team_id"])).toEqual(teams.map((team) => team["id"]));
      expect(teams.map((team) => [team["lead_id"], team["root_id"]])).toEqual(teams.map((team) => [null, team["id"]])); // prettier-ignore
    });
  });

  test("that require each other in a circle cannot be made", () => {
    const circle = registryOf(`
tables:
  a: { columns: [{ name: id, type: integer, primary_key: true }, { name: b_id, type: integer, nullable: false, references: b.id }] }
  b: { columns: [{ name: id, type: integer, primary_key: true }, { name: a_id, type: integer, nullable: false, references: a.id }] }
`);
    expect(() => fixturesFor(circle).table("a")).toThrow(/a → b → a require each other in a circle/); // prettier-ignore
  });

  test("of several columns agree with those of one: an order's line is of the order's tenant", async () => {
    const tenants = registryOf(`
tables:
  tenants: { columns: [{ name: id, type: serial, primary_key: true }] }
  orders:
    columns:
      - { name: tenant_id, type: integer, references: tenants.id }
      - { name: number, type: integer }
    primary_key: [tenant_id, number]
  lines:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: tenant_id, type: integer, nullable: false, references: tenants.id }
      - { name: number, type: integer, nullable: false }
    fk: [{ columns: [tenant_id, number], table: orders }]
`);
    await withDatabase(tenants, async (db) => {
      const lines = await fixturesFor(tenants).table("lines").createMany(db, 5);
      expect(await db.table("tenants").count()).toBe(5);
      expect(new Set(lines.map((line) => line["tenant_id"])).size).toBe(5);
    });
  });
});

test("a check that is not understood is named when the database refuses a row", async () => {
  const odd = registryOf("tables: { things: { columns: [{ name: a, type: integer, check: 'a % 7919 = 3' }] } }"); // prettier-ignore
  await withDatabase(odd, async (db) => {
    const factory = fixturesFor(odd).table("things");
    await expect(factory.create(db)).rejects.toMatchObject({ code: "CANNOT_MAKE", table: "things", message: expect.stringContaining("things_a_check (a % 7919 = 3)") }); // prettier-ignore
    expect(await factory.create(db, { a: 3 })).toEqual({ a: 3 });
  });
});

test("a pattern that nothing matches cannot be made without an override", () => {
  const odd = registryOf(
    `tables: { things: { columns: [{ name: a, type: text, nullable: false, pattern: "^(?=b)a$" }] } }`,
  );
  expect(() => fixturesFor(odd).table("things").make()).toThrow(expect.objectContaining({ code: "CANNOT_MAKE", table: "things", column: "a" })); // prettier-ignore
});

describe("documents", () => {
  const keyring = parseKeyring("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdee");
  const mapped = registryOf(`
tables:
  clients:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: email, type: text, format: email, nullable: false }
      - { name: secret, type: text, encrypted: true, nullable: false }
    firestore: { collection: people, fields: { id: id, mail: email, secret: secret, tags: { type: array, required: true } } }
collections:
  notes:
    fields: { title: { type: string, required: true }, at: { type: timestamp }, where: { type: geopoint } }
`);

  test("of a table have its columns and fields of their own", () => {
    const people = fixturesFor(mapped, { keyring }).collection("people");
    const [first, second] = [people.document(), people.document({ email: "a@example.com", tags: ["x"] })]; // prettier-ignore
    expect([first.id, second.id]).toEqual(["1", "2"]);
    expect(first.data).toMatchObject({ id: "1", secret: expect.stringMatching(/^ctb1\./), tags: [expect.any(String), expect.any(String)] }); // prettier-ignore
    expect(second.data).toMatchObject({ mail: "a@example.com", tags: ["x"] });
  });

  test("without a table have every field, and refuse what is none", () => {
    const notes = fixturesFor(mapped).collection("notes");
    const documents = notes.documents(50);
    expect(new Set(documents.map(({ id }) => id)).size).toBe(50);
    expect(documents[0]?.data).toMatchObject({ title: expect.any(String), at: { nanoseconds: expect.any(Number) }, where: { latitude: expect.any(Number) } }); // prettier-ignore
    expect(notes.document({ id: "own", title: "T" })).toMatchObject({ id: "own", data: { title: "T" } }); // prettier-ignore
    expect(() => notes.document({ titel: "x" })).toThrow(/no field titel/);
    expect(() => notes.document({ title: 5 })).toThrow(expect.objectContaining({ code: "INVALID_OVERRIDE" })); // prettier-ignore
  });
});
