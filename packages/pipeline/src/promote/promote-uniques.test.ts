import { expect, test } from "vitest";
import {
  promoteAll,
  promoteWorld,
  wordsOf,
  type GivenDocument,
} from "../../testing/promote-world.ts";

const yaml = `
tables:
  clients:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: email, type: text, unique: true }
      - { name: tax, type: text, unique: true }
      - { name: land, type: text }
      - { name: number, type: "numeric(9,2)" }
    unique: [{ columns: [land, number] }]
`;

const ids = Array.from({ length: 503 }, (_, n) => `d${1000 + n}`);
const numbersOf = "SELECT last_value::int, is_called FROM clients_id_seq";

/** So many, of which some have the tax number of an earlier one. */
function documents(twins: Readonly<Record<string, string>>): Record<string, GivenDocument> {
  return Object.fromEntries(
    ids.map((id) => [id, { row: { email: `${id}@example.com`, tax: twins[id] ?? id } }]),
  );
}

test("documents with a value that only one row may have cost no numbers of the sequence, and the smaller id has the row", async () => {
  await using world = await promoteWorld(yaml);
  await world.sql("INSERT INTO clients (email, tax) VALUES ('nobody@example.com', 'd1400')");
  const promoter = await world.promoter({ mapped: ["email", "tax"] });
  const given = documents({ d1007: "d1300", d1200: "d1007", d1299: "d1007" });
  const { outcomes } = await promoteAll(promoter, given);
  const failed = outcomes.filter(({ kind }) => kind !== "promoted");
  expect(failed).toEqual([
    { kind: "refused", id: "d1299", failures: [duplicate("The document intake/d1200")] },
    { kind: "refused", id: "d1300", failures: [duplicate("The document intake/d1007")] },
    {
      kind: "refused",
      id: "d1400",
      failures: [duplicate("A row of clients that is no document's")],
    },
  ]);
  expect(await world.sql(numbersOf)).toEqual([{ last_value: 501, is_called: true }]);
  // Also when they come alone, and then who has it is said alike.
  const { d1299 = {}, d1300 = {} } = given;
  expect((await promoteAll(promoter, { d1299, d1300 })).outcomes).toEqual(failed.slice(0, 2));
  expect(await world.sql(numbersOf)).toEqual([{ last_value: 501, is_called: true }]);
});

const duplicate = (whose: string): object => ({
  field: "tax",
  code: "duplicate_key",
  message: `${whose} has the same tax.`,
});

const german = (email: string, tax: string, number: string): GivenDocument => ({
  row: { email, tax, land: "DE", number },
});

test("a value that is refused for another reason is free for the next document", async () => {
  await using world = await promoteWorld(yaml);
  const promoter = await world.promoter({ mapped: ["email", "tax", "land", "number"] });
  const batch = await promoteAll(promoter, {
    a: german("a@example.com", "1", "7"),
    b: german("b@example.com", "2", "7.00"),
    c: german("c@example.com", "2", "8"),
    d: { row: { email: "d@example.com", land: "DE" } },
    e: { row: { email: "e@example.com", land: "DE" } },
  });
  expect(wordsOf(batch)).toEqual({
    a: "inserted",
    b: "refused duplicate_key",
    c: "inserted",
    d: "inserted",
    e: "inserted",
  });
});

test("what a change sets free in a batch is for the taking in the same batch", async () => {
  await using world = await promoteWorld(yaml);
  const promoter = await world.promoter({ mapped: ["email", "tax"] });
  await promoteAll(promoter, { z: { row: { email: "z@example.com", tax: "1" } } });
  const batch = await promoteAll(promoter, {
    a: { row: { email: "a@example.com", tax: "1" } },
    z: { row: { email: "z@example.com", tax: "2" }, at: 2_000_000 },
  });
  expect(wordsOf(batch)).toEqual({ a: "inserted", z: "updated" });
});

test("where a trigger changes rows, values that are equal before it are no reason to refuse one", async () => {
  await using world = await promoteWorld(yaml);
  await world.sql(`CREATE FUNCTION numbered() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.tax := NEW.tax || '-' || NEW.id; RETURN NEW; END $$;
    CREATE TRIGGER numbered BEFORE INSERT ON clients FOR EACH ROW EXECUTE FUNCTION numbered()`);
  const promoter = await world.promoter({ mapped: ["email", "tax"] });
  const batch = await promoteAll(promoter, {
    a: { row: { email: "a@example.com", tax: "x" } },
    b: { row: { email: "b@example.com", tax: "x" } },
  });
  expect(wordsOf(batch)).toEqual({ a: "inserted", b: "inserted" });
});

test("of two spellings of one key the smaller id has the row, and no number of the sequence is lost", async () => {
  await using world = await promoteWorld(`
tables:
  clients:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: email, type: numeric, unique: true }
`);
  const promoter = await world.promoter();
  const batch = await promoteAll(promoter, {
    b: { row: { email: "1.00" } },
    a: { row: { email: "1.0" } },
    c: { row: { email: "2" } },
  });
  expect(batch.outcomes).toEqual([
    {
      kind: "refused",
      id: "b",
      failures: [
        {
          field: "email",
          code: "duplicate_key",
          message: "The document intake/a has the same email.",
        },
      ],
    },
    { kind: "promoted", id: "a", how: "inserted", promotedTo: "clients/1" },
    { kind: "promoted", id: "c", how: "inserted", promotedTo: "clients/2" },
  ]);
});
