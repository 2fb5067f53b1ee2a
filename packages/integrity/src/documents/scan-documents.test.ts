import { compareDocumentPaths } from "@ctb-data/firestore";
import { openPostgres, schemaSql } from "@ctb-data/postgres";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  openDocumentWorld,
  withSessions,
  type DocumentWorld,
} from "../../testing/document-world.ts";
import { collectionScanOf, wantedCollections } from "./collection-scan.ts";
import type { DocumentStores } from "./document-stores.ts";
import { readLiveRows, scanDocuments } from "./scan-documents.ts";
import { scanRange } from "./scan-range.ts";

const runs = process.env["SLOW"] === undefined ? 10 : 100;

const tableOf = (type: string): string => `tables:
  things:
    columns:
      - { name: id, type: "${type}", pk: true }
      - { name: name, type: text }
    firestore: { collection: things }
`;

/** Which keys have no document, and which documents no row. */
interface Unpaired {
  readonly rows: ReadonlySet<string>;
  readonly documents: ReadonlySet<string>;
  readonly others: readonly string[];
}

/** As the merge has them, before anything is looked at again. */
async function unpairedIn(stores: DocumentStores): Promise<Unpaired> {
  const rows = new Set<string>();
  const documents = new Set<string>();
  const others: string[] = [];
  const { registry, firestore } = stores;
  const [wanted] = wantedCollections(registry, undefined);
  if (wanted === undefined || stores.rows === undefined) throw new Error("Nothing to scan.");
  await stores.rows.sessions.use(async (connection) => {
    const live = await readLiveRows(connection, registry.schema);
    await scanRange({
      judge: collectionScanOf(wanted, stores, live).judge,
      snapshot: await firestore.raw.snapshot(),
      range: { group: wanted.collection, start: undefined, end: undefined },
      connection,
      onDocuments: () => undefined,
      onRows: () => undefined,
      onWindow: async ({ cases }) => {
        for (const { id, problems } of cases)
          for (const { subject } of problems) {
            if (subject.kind === "row_without_document") rows.add(id);
            else if (subject.kind === "document_without_row") documents.add(id);
            else others.push(subject.id);
          }
      },
      signal: undefined,
    });
  });
  return { rows, documents, others: others.filter((id) => !id.startsWith("invalid_document")) };
}

async function writeIds(
  { postgres, firestore }: Pick<DocumentWorld, "postgres" | "firestore">,
  { rows, documents }: { readonly rows: readonly unknown[]; readonly documents: readonly string[] },
): Promise<void> {
  await postgres.query("TRUNCATE things");
  await postgres.copyIn(
    "things",
    rows.map((id) => ({ id, name: null })),
  );
  const { raw } = firestore;
  const snapshot = await raw.snapshot();
  const old: string[] = [];
  for await (const { lines } of snapshot.read({ start: undefined, end: undefined }))
    old.push(...lines.map(({ path }) => path));
  await raw.write(
    [
      ...old.map((path) => ({ op: "delete" as const, path })),
      ...documents.map((id) => ({
        op: "set" as const,
        line: JSON.stringify({ name: `${raw.database}/documents/things/${id}` }),
      })),
    ],
    { ramp: false, requests: 1 },
  );
}

const minus = (all: Iterable<string>, others: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...all].filter((id) => !others.has(id)));

/** Ids that a document can have, of which many differ in one place only, where orders may part ways. */
const documentId = fc
  .oneof(
    fc
      .array(
        fc.constantFrom(
          "a",
          "B",
          "_",
          "~",
          "é",
          "\u{e000}",
          "\u{ffff}",
          "\u{10000}",
          "😀",
          "\u{d7ff}",
          "%2F",
          " ",
          "\n",
          '"',
          "\\",
          "'",
          "\u{1}",
        ),
        { minLength: 1, maxLength: 4 },
      )
      .map((parts) => parts.join("")),
    fc.string({ unit: "binary", minLength: 1, maxLength: 6 }),
    fc
      .bigInt({ min: -20n, max: 20n })
      .filter((n) => n !== 0n)
      .map((n) => `__id${n}__`),
    fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .filter((n) => n !== 0n)
      .map((n) => `__id${n}__`),
    fc.constantFrom("__id", "__id1", "__ie", "__", "_", "__id1___", "___id1__x", ".a", "..."),
  )
  .filter(
    (id) =>
      !/[/\0]/.test(id) &&
      id !== "." &&
      id !== ".." &&
      (!/^__.*__$/s.test(id) || /^__id-?[1-9]\d*__$/.test(id)),
  );

/** Ids that only a row can have. */
const rowOnlyId = fc.constantFrom(
  "",
  ".",
  "..",
  "a/b",
  "/",
  "😀/",
  "__x__",
  "__id007__",
  "__id99999999999999999999__",
  "__id9999999999999999999__",
  "__id0__",
  "____",
);

test("rows and documents of any ids are paired: text", async () => {
  await using world = await openDocumentWorld(tableOf("text"));
  // A collation that orders as people do, and not as bytes.
  await world.postgres.query('ALTER TABLE things ALTER id TYPE text COLLATE "und-x-icu"');
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(documentId, fc.constantFrom("both", "row", "document")), {
        selector: ([id]) => id,
        maxLength: 60,
      }),
      fc.uniqueArray(rowOnlyId, { maxLength: 6 }),
      async (ids, odd) => {
        const rows = [...ids.filter(([, where]) => where !== "document").map(([id]) => id), ...odd];
        const documents = ids.filter(([, where]) => where !== "row").map(([id]) => id);
        await writeIds(world, { rows, documents });
        const found = await world.withStores(unpairedIn);
        expect(found.documents).toEqual(minus(documents, new Set(rows)));
        expect(found.rows).toEqual(minus(rows, new Set(documents)));
        expect(found.others).toEqual([]);
      },
    ),
    { numRuns: runs * 3 },
  );
});

test("rows come in the order of the names of their documents, also from a database that is not of UTF-8", async () => {
  await using world = await openDocumentWorld(tableOf("text"));
  const name = `latin_${world.project.slice(-12).replaceAll("-", "")}`;
  await world.postgres.query(
    `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'LATIN9' LOCALE 'C'`,
  );
  try {
    const url = new URL(world.url);
    url.pathname = `/${name}`;
    const { registry, keyring, firestore } = world;
    await using postgres = await openPostgres({ url: url.href, registry, keyring, poolSize: 6 });
    await postgres.query(schemaSql(registry));
    // In LATIN9 the euro sign is the byte A4 and stands before é; in Unicode it stands behind it.
    const ids = ["€", "é", "z", "__id10__", "__id9__", "Ž"];
    await writeIds({ postgres, firestore }, { rows: ids, documents: [...ids, "þ", "Œ"] });
    const found = await withSessions(
      postgres,
      async (sessions) =>
        await unpairedIn({ registry, firestore, keyring, rows: { sessions, now: postgres } }),
    );
    expect(found).toEqual({ rows: new Set(), documents: new Set(["þ", "Œ"]), others: [] });
  } finally {
    await world.postgres.query(`DROP DATABASE ${name}`);
  }
});

test.for([
  ["smallint", [-32768, -5, 1, 10, 100, 11, 2, 32767], ["-32769", "3", "007", "x", "1.5", "-0"]],
  [
    "bigint",
    [-5n, 1n, 2n ** 62n, 9_007_199_254_740_993n],
    ["9223372036854775808", "9007199254740992", " 1"],
  ],
  [
    "uuid",
    ["0b3f6f0e-1111-4000-8000-0000000000ff", "ffffffff-ffff-4fff-bfff-ffffffffffff"],
    ["0B3F6F0E-1111-4000-8000-0000000000FF", "no", "0b3f6f0e111140008000-0000000000ff"],
  ],
  ["varchar(5)", ["a", "a ", "A", "b"], [" a", "abcdefg"]],
] as const)("rows and documents are paired by %s", async ([type, keys, strangers]) => {
  await using world = await openDocumentWorld(tableOf(type));
  const [first, ...rest] = keys;
  await writeIds(world, { rows: [...keys], documents: [...rest.map(String), ...strangers] });
  const found = await world.withStores(unpairedIn);
  expect(found.rows).toEqual(new Set([String(first)]));
  expect(found.documents).toEqual(new Set(strangers));
});

test("a char(n) is its document's id with the blanks that PostgreSQL prints", async () => {
  await using world = await openDocumentWorld(tableOf("char(4)"));
  const documents = ["a   ", "b   ", "b", "c ", "ab  "];
  await writeIds(world, { rows: ["a", "b", "ab", "d"], documents });
  const { rows, documents: found } = await world.withStores(unpairedIn);
  expect(rows).toEqual(new Set(["d   "]));
  expect(found).toEqual(new Set(["b", "c "]));
});

test("in parallel ranges each row and document is looked at once", async () => {
  await using world = await openDocumentWorld(tableOf("text"));
  const ids = Array.from({ length: 4000 }, (_, n) => `${n % 7 === 0 ? "😀" : "k"}${n}`);
  const rows = ids.filter((_, n) => n % 100 !== 0);
  const documents = [...ids.filter((_, n) => n % 90 !== 0), "__id5__", "__id-5__"];
  await writeIds(world, { rows: [...rows, "__id7__"], documents });
  const snapshot = await world.firestore.raw.snapshot();
  expect((await snapshot.ranges({ group: "things", wanted: 3 })).length).toBeGreaterThan(1);
  const seen: string[] = [];
  const found = new Set<string>();
  await world.withStores(async (stores) => {
    const { documents: count } = await scanDocuments(stores, {
      settleMs: 0,
      connections: 3,
      onCases: (cases) => {
        for (const { path, problems } of cases) {
          seen.push(path);
          for (const { subject } of problems) found.add(`${subject.kind} ${path}`);
        }
      },
    });
    expect(count).toBe(documents.length);
  });
  const expected = [
    ...minus(rows, new Set(documents)),
    ...minus(documents, new Set(rows)),
    "__id7__",
  ].map((id) => `things/${id}`);
  expect(seen.toSorted(compareDocumentPaths)).toEqual(expected.toSorted(compareDocumentPaths));
  expect(found.has("row_without_document things/__id7__")).toBe(true);
});
