import { openFirestore } from "@ctb-data/firestore";
import { startFirestoreEmulator } from "@ctb-data/firestore-emulator";
import { openPostgres } from "@ctb-data/postgres";
import { startEmbeddedPostgres } from "@ctb-data/postgres/embedded";
import { parseRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import { contentOf } from "./content.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const registry = parseRegistry("tables: {}\n", { file: "none.yml" });

test("a change of a row, of the schema or of a document changes its sum and no other; the order of rows none", async () => {
  await using folder = await temporaryFolder();
  await using server = await startEmbeddedPostgres({
    dataDir: `${folder.path}/postgres`,
    durable: false,
  });
  await using db = await openPostgres({ url: server.url });
  await using emulator = await startFirestoreEmulator({ port: 0 });
  const place = { projectId: "demo-content", emulatorHost: emulator.address };
  await using firestore = await openFirestore({ registry, ...place });
  const changed: string[][] = [];
  let last = await contentOf(db, firestore);
  expect(last).toMatchObject([{ what: "catalog", count: 0 }]);
  const see = async (work: Promise<unknown>): Promise<void> => {
    await work;
    const now = await contentOf(db, firestore);
    const sums = new Map(last.map(({ what, sum }) => [what, sum]));
    changed.push(now.flatMap(({ what, sum }) => (sums.get(what) === sum ? [] : [what])));
    last = now;
  };
  await see(
    db.query("CREATE TABLE one AS SELECT n, 'row ' || n AS text FROM generate_series(1, 9) AS n"),
  );
  await see(db.query("UPDATE one SET text = text WHERE n = 3"));
  await see(db.query("UPDATE one SET text = 'other' WHERE n = 3"));
  await see(db.query("CREATE INDEX one_n ON one (n)"));
  await see(db.query("ALTER TABLE one ALTER n SET DEFAULT 7"));
  await see(firestore.document("notes/a").set({ deep: { list: [1, 2, { value: 3 }] } }));
  await see(firestore.document("notes/a").set({ deep: { list: [1, 2, { value: 3 }] } }));
  await see(firestore.document("notes/a").set({ deep: { list: [1, 2, { value: 4 }] } }));
  expect(changed).toEqual([
    ["table one", "catalog"],
    [],
    ["table one"],
    ["catalog"],
    ["catalog"],
    ["documents of notes"],
    [],
    ["documents of notes"],
  ]);
});
