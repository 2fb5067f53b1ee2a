import { randomBytes } from "node:crypto";
import { parseKeyring } from "@ctb-data/models";
import { loadRegistry, parseRegistry, type Registry } from "@ctb-data/registry";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTestDatabase } from "../testing/index.ts";
import {
  plainNames,
  registryDataWith,
  registryOf,
  runs,
  withKeysAndUsedEnums,
} from "../testing/random-registry.ts";
import { openPostgres } from "./open-postgres.ts";
import type { Postgres } from "./postgres.ts";
import { schemaSql } from "./schema-sql.ts";

const keyring = parseKeyring(randomBytes(32).toString("base64"));
const nothing = { up: "", down: "" };

async function withDatabase(
  registry: Registry,
  use: (db: Postgres) => Promise<void>,
): Promise<void> {
  await using database = await createTestDatabase();
  await using db = await openPostgres({ url: database.url, registry, keyring });
  await db.query(schemaSql(registry));
  await use(db);
}

const rich = parseRegistry(`
enums: { mood: { values: [sad, ok, "it's"], description: How it is } }
tables:
  users:
    description: "It's people"
    columns:
      - { name: id, type: uuid, pk: true, default: gen_random_uuid() }
      - { name: big, type: bigint, default: "9007199254740993", unique: true }
      - { name: amount, type: "numeric(20,4)", default: "0" }
      - { name: plain, type: numeric }
      - { name: ratio, type: double precision }
      - { name: small, type: smallint, default: "3" }
      - { name: ok, type: boolean, default: "true" }
      - { name: at, type: timestamptz, default: now() }
      - { name: at3, type: "timestamp(3)" }
      - { name: day, type: date, default: CURRENT_DATE }
      - { name: t, type: time }
      - { name: span, type: interval, default: "'1 day'" }
      - { name: bytes, type: bytea }
      - { name: net, type: inet }
      - { name: tags, type: "text[]", default: "'{}'" }
      - { name: nums, type: "integer[]" }
      - { name: times, type: "timestamptz[]" }
      - { name: m, type: mood, default: "'ok'" }
      - { name: ms, type: "mood[]" }
      - { name: j, type: json }
      - { name: jb, type: jsonb, default: "'{}'" }
      - { name: c3, type: "char(3)" }
      - { name: v20, type: varchar(20), default: "'x''y'", description: "a name" }
      - { name: secret, type: text, encrypted: { blind_index: true } }
      - { name: n, type: serial }
    checks:
      - { name: amount_ok, expression: "amount >= 0" }
      - { expression: "small > 0 OR small = -1" }
    indexes:
      - { expression: "lower(v20)", unique: true }
      - { columns: [{ column: at, order: desc }], where: "ok IS TRUE" }
      - { columns: [jb], method: gin }
      - { columns: [big], include: [v20] }
  posts:
    columns:
      - { name: id, type: bigserial, pk: true }
      - { name: author_id, type: uuid, references: { table: users, on_delete: cascade }, nullable: false }
      - { name: editor, type: uuid, references: { table: users, on_delete: "set null", on_update: cascade } }
      - { name: big, type: bigint, references: users.big }
      - { name: parent_id, type: bigint, references: posts.id }
    unique: [{ columns: [author_id, parent_id] }]
  members:
    primary_key: [post_id, user_id]
    columns:
      - { name: post_id, type: bigint, references: posts.id }
      - { name: user_id, type: uuid, references: users.id }
      - { name: role, type: text }
  shares:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: post_id, type: bigint }
      - { name: user_id, type: uuid }
    fk: [{ columns: [post_id, user_id], table: members, references: [post_id, user_id], on_delete: cascade }]
  logs:
    columns: [{ name: x, type: text }]
`);

const user = {
  big: 9007199254740993n,
  amount: "123456789012.3456",
  plain: "NaN",
  ratio: Infinity,
  at: "2026-01-31T04:05:06.789012Z",
  at3: "infinity",
  day: "0044-03-15 BC",
  t: "04:05:06.789",
  span: "1 year 2 mons 3 days 04:05:06.789",
  bytes: new Uint8Array([0, 255]),
  net: "10.0.0.1",
  tags: ["a,b", 'q"', null],
  nums: [1, null],
  times: ["2026-01-31T04:05:06.789012Z"],
  ms: ["sad", "it's"],
  j: { big: 12345678901234567890n },
  secret: "hidden",
};

/** A hundred databases take a while on a busy machine. */
const slow = { timeout: 600_000 };

describe("MikroORM's entities of a registry", () => {
  test("of the seed are what schema.sql made", async () => {
    const seed = await loadRegistry(
      new URL("../../registry/seed/clnt_column_registry.yml", import.meta.url).pathname,
    );
    await withDatabase(seed, async (db) => {
      const orm = await db.orm();
      expect(await orm.schema.getUpdateSchemaMigrationSQL()).toEqual(nothing);
    });
  });

  test("of everything that a registry can say are what schema.sql made, whatever else is in the database", async () => {
    await withDatabase(rich, async (db) => {
      await db.query(
        "CREATE SCHEMA ctb_data; CREATE TABLE ctb_data.migrations (id integer); CREATE TABLE other (id integer)",
      );
      const orm = await db.orm();
      expect(await orm.schema.getUpdateSchemaMigrationSQL()).toEqual(nothing);
    });
  });

  test("of any registry with ordinary names are what schema.sql made", slow, async () => {
    const registries = registryDataWith(plainNames).map(withKeysAndUsedEnums).map(registryOf);
    await fc.assert(
      fc.asyncProperty(registries, async (registry) => {
        await withDatabase(registry, async (db) => {
          const orm = await db.orm();
          expect(await orm.schema.getUpdateSchemaMigrationSQL()).toEqual(nothing);
        });
      }),
      { ...runs, endOnFailure: true },
    );
  });

  test("see a column that the database lacks", async () => {
    await withDatabase(rich, async (db) => {
      await db.query("ALTER TABLE members DROP COLUMN role");
      const orm = await db.orm();
      const { up } = await orm.schema.getUpdateSchemaMigrationSQL();
      expect(up).toContain('alter table "members" add "role" text null');
    });
  });

  test("hold the values of models", async () => {
    await withDatabase(rich, async (db) => {
      const orm = await db.orm();
      const em = orm.em.fork();
      em.persist(em.create(orm.entity("users"), user));
      await em.flush();
      const read = await orm.em.fork().findOneOrFail(orm.entity("users"), { big: user.big });
      const model = await db.table("users").find({ big: user.big });
      expect(read).toMatchObject(user);
      expect(model).toEqual([expect.objectContaining(user)]);
      expect(read["m"]).toBe("ok");
      expect(typeof read["n"]).toBe("number");
    });
  });

  test("encrypt, and write a value again only when it is another", async () => {
    await withDatabase(rich, async (db) => {
      const orm = await db.orm();
      const em = orm.em.fork();
      const entity = em.create(orm.entity("users"), { ...user });
      em.persist(entity);
      await em.flush();
      const stored = async () =>
        (await db.query("SELECT secret, secret_bidx, xmin::text FROM users")).rows[0];
      const first = await stored();
      expect(first?.["secret"]).toMatch(/^ctb1\./);
      const fresh = orm.em.fork();
      const read = await fresh.findOneOrFail(orm.entity("users"), { big: user.big });
      await fresh.flush();
      expect(await stored()).toEqual(first);
      read["ratio"] = 1;
      await fresh.flush();
      expect(await stored()).toMatchObject({
        secret: first?.["secret"],
        secret_bidx: first?.["secret_bidx"],
      });
      read["secret"] = "other";
      await fresh.flush();
      expect((await stored())?.["secret_bidx"]).not.toBe(first?.["secret_bidx"]);
      expect(await db.table("users").find({ secret: "other" })).toHaveLength(1);
    });
  });

  test("find over relations, whose keys stay plain values", async () => {
    await withDatabase(rich, async (db) => {
      const orm = await db.orm();
      const em = orm.em.fork();
      const author = em.create(orm.entity("users"), { ...user });
      em.persist(author);
      await em.flush();
      const post = em.create(orm.entity("posts"), { author_id: author["id"], big: user.big });
      em.persist(post);
      await em.flush();
      const member = em.create(orm.entity("members"), {
        post_id: post["id"],
        user_id: author["id"],
        role: "reader",
      });
      em.persist(member);
      await em.flush();
      em.persist(
        em.create(orm.entity("shares"), { id: 1, post_id: post["id"], user_id: author["id"] }),
      );
      await em.flush();
      const [found] = await orm.em
        .fork()
        .find(orm.entity("posts"), { author: { v20: "x'y" } }, { populate: ["*"] });
      expect(found).toMatchObject({
        id: 1n,
        author_id: author["id"],
        big: user.big,
        author: { amount: user.amount },
      });
      const [share] = await orm.em.fork().find(orm.entity("shares"), {}, { populate: ["*"] });
      expect(share).toMatchObject({ post_id: 1n, post_id_user_id_members: { role: "reader" } });
    });
  });

  test("roll back together", async () => {
    await withDatabase(rich, async (db) => {
      const orm = await db.orm();
      const failing = orm.em.fork().transactional(async (em) => {
        em.persist(em.create(orm.entity("users"), { ...user }));
        await em.flush();
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      expect(await orm.em.fork().count(orm.entity("users"))).toBe(0);
      expect(await orm.em.fork().count(orm.entity("users"), { at: { $gt: new Date(0) } })).toBe(0);
    });
  });

  test("do not exist for tables without a key", async () => {
    await withDatabase(rich, async (db) => {
      const orm = await db.orm();
      expect(() => orm.entity("logs")).toThrow("There is no entity of the table logs.");
    });
  });
});
