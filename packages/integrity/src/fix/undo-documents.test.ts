import { openFirestore } from "@ctb-data/firestore";
import { expect, test } from "vitest";
import { openPlantedWorld } from "../../testing/planted-world.ts";
import { fixIntegrity } from "./fix-integrity.ts";
import { listFixRuns } from "./fix-runs.ts";
import { undoFix } from "./undo-fix.ts";

test("documents go back to the database that they came from, or nothing is undone", async () => {
  await using world = await openPlantedWorld();
  const { registry, postgres, firestore, keyring } = world;
  const stores = { registry, postgres, firestore, keyring };
  await firestore.documents("teams").doc("7").set({ title: "gone" });
  await postgres.query("INSERT INTO notes (client_id, body) VALUES (NULL, repeat('x', 60))");
  const { run = "", steps } = await fixIntegrity(stores);
  expect(steps.map(({ finding, changed }) => [finding.kind, changed])).toEqual([
    ["length", 1],
    ["document_without_row", 1],
  ]);
  expect((await firestore.documents("teams").doc("7").get())?.data).toBeUndefined();
  await using other = await openFirestore({
    registry,
    projectId: "another",
    emulatorHost: world.firestoreHost,
  });
  const refused = { code: "REFUSED", run, hint: expect.stringContaining(world.project) };
  await expect(undoFix({ registry, postgres }, { run })).rejects.toMatchObject(refused);
  await expect(undoFix({ registry, postgres, firestore: other }, { run })).rejects.toMatchObject(
    refused,
  );
  expect(await listFixRuns(postgres)).toMatchObject([
    { id: run, state: "done", rows: 1, documents: 1, kept: 2 },
  ]);
  expect(await undoFix(stores, { run, dryRun: true })).toMatchObject({ rows: 1, documents: 1 });
  expect(await undoFix(stores, { run })).toMatchObject({ rows: 1, documents: 1, conflicts: [] });
  expect((await firestore.documents("teams").doc("7").get())?.data).toEqual({ title: "gone" });
  expect(await listFixRuns(postgres)).toMatchObject([{ id: run, state: "undone", kept: 0 }]);
});
