import { expect, test } from "vitest";
import { promoteAll, promoteWorld, wordsOf } from "../../testing/promote-world.ts";

const clients = `
tables:
  clients:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: name, type: varchar(20), nullable: false }
      - { name: email, type: varchar(50), unique: true }
      - { name: status, type: text, default: "'new'" }
`;

test("documents become rows once, and changed ones change their row", async () => {
  await using w = await promoteWorld(clients);
  const promoter = await w.promoter();
  const given = {
    b: { row: { name: "Ben", email: "ben@x.org" } },
    a: { row: { name: "Ann", email: "ann@x.org", status: "old" } },
  };
  const first = await promoteAll(promoter, given);
  expect(first).toEqual({
    outcomes: [
      { kind: "promoted", id: "b", how: "inserted", promotedTo: "clients/2" },
      { kind: "promoted", id: "a", how: "inserted", promotedTo: "clients/1" },
    ],
    displaced: [],
  });
  expect(wordsOf(await promoteAll(promoter, given))).toEqual({ b: "unchanged", a: "unchanged" });
  const changed = await promoteAll(promoter, {
    a: { row: { name: "Anna", email: "ann@x.org" }, at: 2_000_000 },
    b: { row: { name: "Old Ben", email: "ben@x.org" }, at: 1 },
  });
  expect(wordsOf(changed)).toEqual({ a: "updated", b: "superseded" });
  expect(await w.sql("SELECT * FROM clients ORDER BY id")).toEqual([
    { id: 1, name: "Anna", email: "ann@x.org", status: "new" },
    { id: 2, name: "Ben", email: "ben@x.org", status: "new" },
  ]);
});
