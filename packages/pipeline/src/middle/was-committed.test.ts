import { openPostgres } from "@ctb-data/postgres";
import { startTcpProxy } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { countedStores } from "../../testing/counted-stores.ts";
import { memberDocuments } from "../../testing/member-documents.ts";
import { middleState } from "../../testing/middle-state.ts";
import { openMiddleWorld } from "../../testing/middle-world.ts";
import { runTestMiddle } from "../../testing/run-test-middle.ts";
import { transactionIdOf, wasCommitted } from "./was-committed.ts";

test.each(["before", "after"] as const)(
  "connections that break %s the server has seen COMMIT change no row, mark or count",
  async (when) => {
    await using clean = await openMiddleWorld();
    await using world = await openMiddleWorld(clean.firestoreHost);
    const documents = memberDocuments(80, clean.keyring);
    for (const one of [clean, world]) await one.put("member_intake", documents);
    const options = { batch: 20, parts: 1 };
    const expected = await runTestMiddle(clean.stores, options);
    const { registry, keyring } = world;
    await using proxy = await startTcpProxy(world.url);
    await using postgres = await openPostgres({ url: proxy.url, registry, keyring });
    let commits = 0;
    let cuts = 0;
    const stores = countedStores({ ...world.stores, postgres }, async (name) => {
      if (name !== "before COMMIT") return;
      commits += 1;
      const isCut = commits % 3 === 0;
      if (isCut) cuts += 1;
      proxy.cutAt(isCut ? "COMMIT\0" : undefined, when);
      await Promise.resolve();
    });
    const report = await runTestMiddle(stores, options);
    expect(cuts).toBeGreaterThan(2);
    expect(report.counts).toEqual(expected.counts);
    expect(await middleState(world)).toEqual(await middleState(clean));
  },
);

test("a transaction is waited for until it is committed or not, and one that the server never had was not", async () => {
  await using world = await openMiddleWorld();
  const { postgres } = world;
  const patience = { patienceMs: 1000, signal: undefined };
  let asked: Promise<boolean> | undefined;
  await postgres.transaction(async (tx) => {
    asked = wasCommitted(postgres, await transactionIdOf(tx), patience);
    await Promise.race([asked, postgres.query("SELECT pg_sleep(0.1)")]);
  });
  expect(await asked).toBe(true);
  const undone = postgres.transaction(async (tx) => {
    asked = wasCommitted(postgres, await transactionIdOf(tx), patience);
    throw new Error("undone");
  });
  await expect(undone).rejects.toThrow("undone");
  expect(await asked).toBe(false);
  expect(await wasCommitted(postgres, "999999999999", patience)).toBe(false);
});
