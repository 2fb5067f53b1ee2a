import { expect, test } from "vitest";
import {
  documentsOf,
  promoteAll,
  promoteWorld,
  wordsOf,
  type GivenDocument,
} from "../../testing/promote-world.ts";

const clients = `
enums:
  mood: { values: [sad, "it's ok"] }
tables:
  clients:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: email, type: varchar(50), unique: true }
      - { name: age, type: integer }
      - { name: name, type: varchar(20), nullable: false, default: "'x'" }
      - { name: mood, type: mood }
`;

/** 300 documents of which some are bad, by what they have besides their key. */
function some(bad: Readonly<Record<number, object>>): Readonly<Record<string, GivenDocument>> {
  const numbers = Array.from({ length: 300 }, (_, n) => n);
  return Object.fromEntries(
    numbers.map((n) => [`d${String(n).padStart(3, "0")}`, { row: { email: `${n}`, ...bad[n] } }]),
  );
}

test("each row that PostgreSQL refuses is found, with its reason, and all others are written", async () => {
  await using w = await promoteWorld(clients);
  await w.sql(`ALTER TABLE clients ALTER mood TYPE text, ALTER age TYPE smallint, ALTER name TYPE varchar(5), ADD CHECK (age >= 0), ADD UNIQUE (age);
    CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.age = 13 THEN RAISE EXCEPTION 'Nobody is 13'; END IF;
      IF NEW.age = 14 THEN RAISE EXCEPTION 'Nobody is 14' USING ERRCODE = 'XY123'; END IF;
      IF NEW.age = 15 THEN RETURN NULL; END IF;
      IF NEW.age = 16 THEN NEW.id := 1000; NEW.name := 'made'; END IF;
      RETURN NEW; END $$;
    CREATE TRIGGER stop BEFORE INSERT OR UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION stop()`);
  const promoter = await w.promoter();
  const batch = await promoteAll(
    promoter,
    some({
      0: { age: -1 },
      17: { age: 40_000 },
      18: { name: "too long" },
      19: { name: null },
      20: { age: 13 },
      21: { age: 14 },
      22: { age: 15 },
      23: { age: 16 },
      24: { age: 20 },
      299: { age: 20 },
    }),
  );
  const failed = batch.outcomes.flatMap((one) => (one.kind === "promoted" ? [] : [one]));
  expect(failed).toEqual(
    [
      ["d000", "age", "refused", /clients_age_check/],
      ["d017", "age", "out_of_range", /smallint/],
      ["d018", "name", "too_long", /character varying\(5\)/],
      ["d019", "name", "missing", /null/],
      ["d020", "", "refused", /Nobody is 13/],
      ["d021", "", "refused", /Nobody is 14/],
      ["d022", "", "refused", /has not stored the row/],
      ["d299", "age", "duplicate_key", /clients_age_key/],
    ].map(([id, field, code, message]) => ({
      kind: "refused",
      id,
      failures: [{ field, code, message: expect.stringMatching(message ?? "") }],
    })),
  );
  expect(batch.outcomes[23]).toMatchObject({ promotedTo: "clients/1000" });
  expect(await w.sql("SELECT count(*)::int AS n FROM clients")).toEqual([{ n: 292 }]);
  expect(
    await w.sql(`SELECT count(*)::int AS n FROM clients c JOIN ctb_data.imo_promotions p ON p.row_key = c.id::text
      WHERE p.document_id = 'd' || lpad(c.email, 3, '0')`),
  ).toEqual([{ n: 292 }]);
});

test("a change that a trigger skips is refused, and its record stays as it was", async () => {
  await using w = await promoteWorld(clients);
  const promoter = await w.promoter();
  await promoteAll(promoter, some({}));
  await w.sql(`CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.age = 15 THEN RETURN NULL; END IF; RETURN NEW; END $$;
    CREATE TRIGGER skip BEFORE UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION skip()`);
  const changes = {
    d000: { row: { email: "0", age: 15 }, at: 2_000_000 },
    d001: { row: { email: "1", age: 16 }, at: 2_000_000 },
  };
  expect(wordsOf(await promoteAll(promoter, changes))).toEqual({
    d000: "refused refused",
    d001: "updated",
  });
  expect(wordsOf(await promoteAll(promoter, { d000: { row: { email: "0" } } }))).toEqual({
    d000: "unchanged",
  });
});

test("a constraint that is checked at the end of a transaction only is checked while one can still say whose row it was", async () => {
  await using w = await promoteWorld(clients);
  await w.sql(`CREATE TABLE parents (age integer PRIMARY KEY); INSERT INTO parents VALUES (1);
    REVOKE ALL ON parents FROM PUBLIC;
    ALTER TABLE clients ADD UNIQUE (name) DEFERRABLE INITIALLY DEFERRED;
    CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.age = 2 THEN RAISE EXCEPTION 'too late'; END IF; RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER late AFTER INSERT ON clients DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()`);
  const promoter = await w.promoter();
  expect(
    wordsOf(
      await promoteAll(promoter, {
        a: { row: { email: "a", name: "same" } },
        b: { row: { email: "b", name: "same" } },
        c: { row: { email: "c", name: "c", age: 2 } },
        d: { row: { email: "d", name: "d" } },
      }),
    ),
  ).toEqual({ a: "inserted", b: "refused duplicate_key", c: "refused refused", d: "inserted" });
});

test("a key that is checked at the end of a transaction only can be the one by which rows are found", async () => {
  await using w = await promoteWorld(clients);
  await w.sql(
    `ALTER TABLE clients DROP CONSTRAINT clients_email_key, ADD UNIQUE (email) DEFERRABLE INITIALLY DEFERRED`,
  );
  const promoter = await w.promoter();
  await promoteAll(promoter, { b: { row: { email: "1" } } });
  expect(
    wordsOf(await promoteAll(promoter, { a: { row: { email: "1" } }, c: { row: { email: "1" } } })),
  ).toEqual({ a: "updated", c: "refused duplicate_key" });
});

test("a value that the database has no column for is refused by itself", async () => {
  await using w = await promoteWorld(clients);
  await w.sql("ALTER TABLE clients DROP COLUMN age");
  const promoter = await w.promoter();
  expect(
    wordsOf(
      await promoteAll(promoter, {
        a: { row: { email: "a", age: 1 } },
        b: { row: { email: "b" } },
      }),
    ),
  ).toEqual({ a: "refused unknown_field", b: "inserted" });
});

test("a fence that throws leaves nothing behind, and its error comes out as it is", async () => {
  await using w = await promoteWorld(clients);
  const promoter = await w.promoter();
  const error = new Error("the lease is lost");
  const seen: unknown[] = [];
  const failed = promoter.promote(documentsOf({ a: { row: { email: "a" } } }), {
    run: 3,
    fence: async (tx, batch) => {
      seen.push(wordsOf(batch), (await tx.query("SELECT email FROM clients")).rows);
      throw error;
    },
  });
  await expect(failed).rejects.toBe(error);
  expect(seen).toEqual([{ a: "inserted" }, [{ email: "a" }]]);
  expect(await w.sql("SELECT FROM clients")).toEqual([]);
  expect(await w.sql("SELECT FROM ctb_data.imo_promotions")).toEqual([]);
});

test("a rehearsal says what would be, writes nothing, and moves no sequence; it needs no table of promotions", async () => {
  await using w = await promoteWorld(clients);
  await w.sql("DROP TABLE ctb_data.imo_promotions; INSERT INTO clients (email) VALUES ('b')");
  const promoter = await w.promoter();
  const batch = await promoter.rehearse(
    documentsOf({
      a: { row: { email: "a" } },
      b: { row: { email: "b" } },
      c: { row: { email: "a" } },
    }),
  );
  expect(wordsOf(batch)).toEqual({ a: "inserted", b: "adopted", c: "refused duplicate_key" });
  expect(batch.outcomes[0]).toMatchObject({ promotedTo: "clients/%3F" });
  expect(
    await w.sql(
      "SELECT (SELECT count(*)::int FROM clients) AS n, last_value::int AS last, pg_catalog.to_regclass('ctb_data.imo_promotions') AS t FROM clients_id_seq",
    ),
  ).toEqual([{ n: 1, last: 1, t: null }]);
  await expect(promoteAll(promoter, {})).rejects.toMatchObject({ code: "MISSING_TABLES" });
});

test("what a partition refuses is told as if the table had", async () => {
  await using w = await promoteWorld(clients);
  await w.sql(`DROP TABLE clients; CREATE TABLE clients (id serial, email text PRIMARY KEY, age integer NOT NULL, name text, mood text) PARTITION BY HASH (email);
    CREATE TABLE clients_0 PARTITION OF clients FOR VALUES WITH (MODULUS 1, REMAINDER 0);
    ALTER TABLE clients_0 ADD UNIQUE (name)`);
  const promoter = await w.promoter();
  const batch = await promoteAll(promoter, {
    a: { row: { email: "a", age: 1, name: "x" } },
    b: { row: { email: "b", age: 1, name: "x" } },
    c: { row: { email: "c", age: null } },
  });
  expect(wordsOf(batch)).toEqual({
    a: "inserted",
    b: "refused duplicate_key",
    c: "refused missing",
  });
});
