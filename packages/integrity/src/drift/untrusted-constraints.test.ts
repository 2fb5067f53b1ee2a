import { randomUUID } from "node:crypto";
import { parseRegistry } from "@ctb-data/registry";
import { describe, expect, test } from "vitest";
import { driftDatabase, idsOf, statementsOf } from "../../testing/drift-database.ts";
import { checkDrift } from "./check-drift.ts";

const registry = parseRegistry(`
tables:
  parents: { columns: [{ name: id, type: integer, primary_key: true }] }
  children:
    columns:
      - { name: id, type: integer, primary_key: true }
      - { name: parent, type: integer, references: parents.id }
      - { name: size, type: integer, nullable: false, check: "size > 0" }
      - { name: note, type: text }
    indexes: [{ columns: [note], unique: true, name: once }, { columns: [size], name: by_size }]
`);
const fkey = "constraint_disabled:children/children_parent_fkey";

describe("untrusted constraints", () => {
  test("one whose triggers are off finds its orphans when it is made to hold, and its owner may do that", async () => {
    await using drift = await driftDatabase(registry);
    // Roles belong to the whole server.
    const owner = `ctb_owner_${randomUUID().slice(0, 8)}`;
    await drift.db.query(`ALTER TABLE children DISABLE TRIGGER ALL; INSERT INTO parents VALUES (1);
      INSERT INTO children VALUES (1, 1, 1), (2, 99, 1);
      CREATE ROLE ${owner};
      GRANT ALL ON SCHEMA public TO ${owner}; ALTER TABLE children OWNER TO ${owner}; ALTER TABLE parents OWNER TO ${owner}`); // prettier-ignore
    try {
      const [finding, ...more] = await drift.check();
      expect(more).toEqual([]);
      expect(finding?.id).toBe(fkey);
      const sql = statementsOf(finding ?? neverFinding()).join("; ");
      const mendAsOwner = async () => {
        await drift.db.transaction(async (tx) => await tx.query(`SET LOCAL ROLE ${owner}; ${sql}`));
      };
      await expect(mendAsOwner()).rejects.toMatchObject({ code: "CONSTRAINT_VIOLATION" });
      expect(idsOf(await drift.check())).toEqual([fkey]);
      await drift.db.query("DELETE FROM children WHERE parent = 99");
      await mendAsOwner();
      expect(await drift.check()).toEqual([]);
      await expect(drift.db.query("INSERT INTO children VALUES (3, 99, 1)")).rejects.toThrow(/foreign key/); // prettier-ignore
    } finally {
      await drift.db.query(
        `REASSIGN OWNED BY ${owner} TO CURRENT_USER; DROP OWNED BY ${owner}; DROP ROLE ${owner}`,
      );
    }
  });

  test("what PostgreSQL 18 does not enforce or has not validated is told and made to hold", async ({
    skip,
  }) => {
    await using drift = await driftDatabase(registry);
    skip(Number.parseInt(drift.expected.serverVersion) < 18, "older servers enforce everything");
    await drift.db.query(`ALTER TABLE children ALTER CONSTRAINT children_parent_fkey NOT ENFORCED;
      ALTER TABLE children DROP CONSTRAINT children_size_check, ADD CONSTRAINT children_size_check CHECK (size > 0) NOT ENFORCED;
      ALTER TABLE children ALTER COLUMN size DROP NOT NULL; ALTER TABLE children ADD CONSTRAINT "must be" NOT NULL size NOT VALID`);
    const findings = await drift.check();
    expect(idsOf(findings)).toEqual([
      fkey,
      "constraint_disabled:children/children_size_check",
      "constraint_not_validated:children.size:not_null",
    ]);
    await drift.mend(findings);
    expect(await drift.check()).toEqual([]);
    await expect(drift.db.query("INSERT INTO children VALUES (3, NULL, 0)")).rejects.toThrow(/check/); // prettier-ignore
    await drift.db
      .query(`ALTER TABLE children DROP COLUMN note; ALTER TABLE children ADD COLUMN note text GENERATED ALWAYS AS (id::text) VIRTUAL;
      INSERT INTO children VALUES (1, NULL, 1)`);
    const generated = await drift.check();
    expect(idsOf(generated)).toEqual(["constraint_missing:children/once", "drift:children.note:generated"]); // prettier-ignore
    await drift.mend(generated);
    expect(await drift.check()).toEqual([]);
    expect((await drift.db.query("SELECT note FROM children")).rows).toEqual([{ note: "1" }]);
  });

  test("an index that was never finished is told, whether the registry knows it or not", async () => {
    await using drift = await driftDatabase(registry);
    await drift.db.query("DROP INDEX once; INSERT INTO children VALUES (1, NULL, 1, 'a'), (2, NULL, 2, 'a')"); // prettier-ignore
    for (const name of ["once", "other"]) {
      await expect(
        drift.db.query(`CREATE UNIQUE INDEX CONCURRENTLY ${name} ON children (note)`),
      ).rejects.toThrow(/unique/);
    }
    const findings = await drift.check();
    expect(idsOf(findings)).toEqual(["constraint_disabled:children/once", "drift:children/other:invalid"]); // prettier-ignore
    await drift.db.query("DELETE FROM children WHERE id = 2");
    await drift.mend(findings);
    expect(await drift.check()).toEqual([]);
  });

  test("a table that is partitioned is no drift but for its key, and its foreign key is made to hold in its partitions", async () => {
    await using drift = await driftDatabase(registry);
    await drift.db.query(`DROP TABLE children;
      CREATE TABLE children (id integer NOT NULL, parent integer CONSTRAINT children_parent_fkey REFERENCES parents, size integer NOT NULL,
        note text, CONSTRAINT children_size_check CHECK (size > 0), CONSTRAINT children_pkey PRIMARY KEY (id)) PARTITION BY RANGE (id);
      CREATE TABLE children_1 PARTITION OF children FOR VALUES FROM (0) TO (100);
      CREATE UNIQUE INDEX once ON children (note, id); CREATE INDEX by_size ON children (size);
      ALTER TABLE children_1 DISABLE TRIGGER ALL`);
    const findings = await drift.check();
    expect(idsOf(findings)).toEqual([fkey, "drift:children/once:different"]);
    await drift.mend(findings.filter(({ id }) => id === fkey));
    expect(idsOf(await drift.check())).toEqual(["drift:children/once:different"]);
    await expect(drift.db.query("INSERT INTO children_1 VALUES (3, 99, 1)")).rejects.toThrow(/foreign key/); // prettier-ignore
  });

  test("only the tables that are asked for are told of, and tables of other schemas never", async () => {
    await using drift = await driftDatabase(registry);
    await drift.db.query("ALTER TABLE children ADD x integer; ALTER TABLE parents ADD y integer; CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.children (z integer)"); // prettier-ignore
    const live = await drift.db.readCatalog({ schemas: ["public", "elsewhere"] });
    const { expected } = drift;
    expect(idsOf(checkDrift({ registry, live, expected, tables: ["parents"] }))).toEqual(["drift:parents.y:unknown"]); // prettier-ignore
    expect(idsOf(checkDrift({ registry, live, expected }))).toEqual(["drift:children.x:unknown", "drift:parents.y:unknown"]); // prettier-ignore
  });
});

function neverFinding(): never {
  throw new Error("There is no finding.");
}
