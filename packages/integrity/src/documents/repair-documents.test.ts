import { expect, test } from "vitest";
import {
  fillPlants,
  linesWithoutTimes,
  plantFaults,
  plantRegistry,
} from "../../testing/document-plants.ts";
import { openDocumentWorld, type DocumentWorld } from "../../testing/document-world.ts";
import type { Finding, FixStrategy } from "../finding.ts";
import { checkDocuments } from "./check-documents.ts";
import { repairDocuments, type KeptDocument, type RepairedFinding } from "./repair-documents.ts";
import { restoreDocuments } from "./restore-documents.ts";

const quick = { settleMs: 0 } as const;

async function findingsOf(
  world: DocumentWorld,
  strategy?: FixStrategy,
): Promise<readonly Finding[]> {
  const { findings } = await world.withStores(
    async (stores) => await checkDocuments(stores, { ...quick, strategy }),
  );
  return findings;
}

async function repair(
  world: DocumentWorld,
  findings: readonly Finding[],
  options: {
    readonly strategy?: FixStrategy;
    readonly dryRun?: boolean;
    readonly whileKept?: () => Promise<void>;
  } = {},
): Promise<{
  readonly kept: readonly KeptDocument[];
  readonly results: readonly RepairedFinding[];
}> {
  const kept = new Map<string, KeptDocument>();
  const { strategy = "quarantine", dryRun, whileKept } = options;
  const results = await world.withStores(
    async (stores) =>
      await repairDocuments(stores, findings, {
        ...quick,
        strategy,
        dryRun,
        journal: {
          keep: async (documents) => {
            for (const document of documents) kept.set(document.path, document);
            await whileKept?.();
          },
          forget: async (documents) => {
            for (const { path } of documents) kept.delete(path);
          },
        },
      }),
  );
  return { kept: [...kept.values()], results };
}

const fixable = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ fix }) => fix !== undefined);
const ids = (findings: readonly Finding[]): readonly string[] => findings.map(({ id }) => id);

const withoutOwn = (line: string | undefined): string | undefined =>
  line?.replace(/"(?:note|tax)":\{"stringValue":"[^"]*"\},?/g, "");

test.for(["quarantine", "set-null", "delete"] as const)(
  "a repair with %s leaves nothing that it can mend, and undo restores every byte",
  async (strategy) => {
    await using world = await openDocumentWorld(plantRegistry);
    await fillPlants(world);
    await plantFaults(world);
    const before = await linesWithoutTimes(world.firestore);
    const findings = fixable(await findingsOf(world, strategy));
    expect(findings.reduce((sum, { count }) => sum + count, 0)).toBe(18);

    const { kept, results } = await repair(world, findings, { strategy });

    expect(results.map(({ finding, changed, skipped }) => [finding.id, changed, skipped])).toEqual(
      findings.map(({ id, count }) => [id, count, []]),
    );
    expect(kept).toHaveLength(13);
    const actions = new Set(kept.map(({ action }) => action));
    const removed = strategy === "delete" ? "deleted" : "moved";
    expect(actions).toEqual(new Set([removed, "changed", "created"]));
    expect(await findingsOf(world, strategy)).toEqual([]);

    for (const _ of [1, 2]) {
      const restored = await restoreDocuments(world.firestore, kept.toReversed());
      expect(restored.filter(({ conflict }) => conflict !== undefined)).toEqual([]);
      expect(await linesWithoutTimes(world.firestore)).toEqual(before);
    }
  },
);

test("a field that differs is written from the row, and all other fields stay as they are", async () => {
  await using world = await openDocumentWorld(plantRegistry);
  await fillPlants(world);
  await plantFaults(world);
  const { firestore } = world;
  const findings = await findingsOf(world);
  await repair(
    world,
    findings.filter(({ kind }) => kind === "different_field"),
  );
  const clients = firestore.collection("clients");
  const six = await clients.doc("6").get();
  expect(six?.data).toMatchObject({
    note: "stays",
    config: { id: 6, list: [1, "a", { b: "💡" }] },
  });
  const five = await clients.doc("5").get();
  expect(five?.value).toMatchObject({ name: "Client 5", tax: "DE5" });
  const lines = await linesWithoutTimes(firestore);
  expect(lines.get("clients/11")).toContain('"about":{"referenceValue"');
});

test("a document that is missing is made of its row, with the ciphertext of the row", async () => {
  await using world = await openDocumentWorld(plantRegistry);
  await fillPlants(world);
  const saved = (await linesWithoutTimes(world.firestore)).get("clients/3");
  await world.firestore.documents("clients").doc("3").delete();
  const findings = await findingsOf(world);
  expect(ids(findings)).toEqual(["row_without_document:clients"]);
  await repair(world, findings);
  expect(await findingsOf(world)).toEqual([]);
  const made = (await linesWithoutTimes(world.firestore)).get("clients/3");
  const { rows } = await world.postgres.query<{ tax: string }>(
    "SELECT tax FROM clients WHERE id = 3",
  );
  expect(made).toContain(rows[0]?.tax);
  expect(withoutOwn(made)).toBe(withoutOwn(saved));
});

test("a document that somebody changes between is left alone, reported, and not kept", async () => {
  await using world = await openDocumentWorld(plantRegistry);
  await fillPlants(world);
  await plantFaults(world);
  const { firestore } = world;
  const findings = (await findingsOf(world)).filter(({ collection }) => collection === "clients");
  const clients = firestore.documents("clients");
  let isChanged = false;
  const { kept, results } = await repair(world, findings, {
    whileKept: async () => {
      if (isChanged) return;
      isChanged = true;
      await clients.doc("900").update({ name: "Now different" });
      await clients.doc("6").update({ note: "by somebody" });
      await clients.doc("3").set({ name: "Made by somebody" });
      await clients.doc("abc").delete();
    },
  });
  expect((await clients.doc("900").get())?.data).toMatchObject({ name: "Now different" });
  expect((await clients.doc("6").get())?.data).toMatchObject({
    note: "by somebody",
    config: { other: [1] },
  });
  expect((await clients.doc("3").get())?.data).toEqual({ name: "Made by somebody" });
  const paths = kept.map(({ path }) => path);
  expect(paths).toContain("clients/5");
  expect(paths.filter((path) => ["clients/900", "clients/6", "clients/3"].includes(path))).toEqual(
    [],
  );
  const skippedOf = (id: string): RepairedFinding["skipped"] | undefined =>
    results.find(({ finding }) => finding.id === id)?.skipped;
  const reason = "Somebody has changed the document since.";
  expect(skippedOf("row_without_document:clients")).toEqual([
    { reason, documents: 1, example: "clients/3" },
  ]);
  expect(skippedOf("document_without_row:clients")).toEqual([
    { reason, documents: 1, example: "clients/900" },
  ]);
  expect(skippedOf("different_field:clients.config")).toEqual([
    { reason, documents: 1, example: "clients/6" },
  ]);
});

test("undo leaves alone what somebody has changed since the repair", async () => {
  await using world = await openDocumentWorld(plantRegistry);
  await fillPlants(world);
  await plantFaults(world);
  const { firestore } = world;
  const { kept } = await repair(world, fixable(await findingsOf(world)));
  const clients = firestore.documents("clients");
  await clients.doc("900").set({ name: "New" });
  await clients.doc("5").update({ note: "later" });
  await clients.doc("3").delete();
  await clients.doc("6").delete();
  const before = await linesWithoutTimes(firestore);
  const restored = await restoreDocuments(firestore, kept.toReversed());
  const conflicts = restored.flatMap(({ kept: { path }, conflict }) =>
    conflict === undefined ? [] : [`${path}: ${conflict}`],
  );
  expect(new Set(conflicts)).toEqual(
    new Set([
      "clients/900: Somebody has written the document since the fix.",
      "clients/5: Somebody has written the document since the fix.",
      "clients/6: Somebody has deleted the document since the fix.",
    ]),
  );
  const after = await linesWithoutTimes(firestore);
  for (const path of ["clients/900", "clients/5", "clients/6", "clients/3"])
    expect(after.get(path)).toBe(before.get(path));
});

test("a dry run says how many, and neither keeps nor writes anything", async () => {
  await using world = await openDocumentWorld(plantRegistry);
  await fillPlants(world);
  await plantFaults(world);
  const before = await linesWithoutTimes(world.firestore);
  const findings = fixable(await findingsOf(world));
  const { kept, results } = await repair(world, findings, { dryRun: true });
  expect(kept).toEqual([]);
  expect(results.map(({ changed }) => changed)).toEqual(findings.map(({ count }) => count));
  expect(await linesWithoutTimes(world.firestore)).toEqual(before);
});

test("without PostgreSQL nothing is mended, and findings say so", async () => {
  await using world = await openDocumentWorld(plantRegistry);
  await world.firestore.documents("clients").doc("1").set({ name: 5 });
  const { registry, firestore } = world;
  const { findings, notChecked } = await checkDocuments({ registry, firestore }, quick);
  expect(findings).toMatchObject([
    { kind: "invalid_document", advice: expect.stringContaining("PostgreSQL") },
  ]);
  expect(findings[0]?.fix).toBeUndefined();
  expect(notChecked).toContain("Documents were not compared with rows: there is no PostgreSQL.");
  const journal = { keep: async () => undefined, forget: async () => undefined };
  await expect(
    repairDocuments({ registry, firestore }, findings, { strategy: "delete", journal }),
  ).rejects.toMatchObject({ code: "REFUSED" });
});
