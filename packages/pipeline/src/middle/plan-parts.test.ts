import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { openMiddleWorld } from "../../testing/middle-world.ts";
import { cutsBetween } from "./cuts-between.ts";
import { beginningOfLastId } from "./last-id.ts";
import { planParts } from "./plan-parts.ts";

const runs = { numRuns: process.env["SLOW"] === "1" ? 1000 : 100 };
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);
const hash = (n: number): string => createHash("sha1").update(String(n)).digest("hex");
const randomId = (n: number): string =>
  Buffer.from(hash(n) + hash(-n), "hex")
    .toString("base64")
    .replaceAll(/[+/=]/g, "")
    .slice(0, 20);

/** How many ids are between two cuts that follow each other. */
async function partsOf(ids: readonly string[], parts: number): Promise<readonly number[]> {
  const sorted = ids.toSorted((a, b) => (a < b ? -1 : 1));
  const first = sorted[0] ?? "";
  const last = await beginningOfLastId(first, async (id) => (sorted.at(-1) ?? "") >= id);
  const cuts = [...cutsBetween(first, last ?? "", parts), undefined];
  const behind = (cut: string | undefined): number =>
    cut === undefined ? 0 : sorted.filter((id) => id >= cut).length;
  return cuts.map(
    (cut, index) => (index === 0 ? sorted.length : behind(cuts[index - 1])) - behind(cut),
  );
}

test.each([
  ["hashes", hash],
  ["Firestore's own ids", randomId],
  ["numbers behind the same words", (n: number) => `order-2026-${100_000 + n}`],
])("%s are cut into parts of about one size", async (_, idOf) => {
  const parts = await partsOf(numbers(1000).map(idOf), 8);
  expect(parts).toHaveLength(8);
  for (const count of parts) expect(count).toBeGreaterThan(30);
});

test("the beginning of the last id is found for any ids of ASCII", async () => {
  const letter = fc.constantFrom(...Array.from("!-059AZ_az~"));
  const id = fc.array(letter, { minLength: 1, maxLength: 6 }).map((list) => list.join(""));
  await fc.assert(
    fc.asyncProperty(fc.array(id, { minLength: 1 }), async (ids) => {
      const sorted = ids.toSorted((a, b) => (a < b ? -1 : 1));
      const last = sorted.at(-1) ?? "";
      const found = await beginningOfLastId(sorted[0] ?? "", async (from) => last >= from);
      expect(last.startsWith(found ?? "none")).toBe(true);
    }),
    runs,
  );
});

test("cuts are in order and strictly inside", () => {
  const id = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(id, id, fc.integer({ min: 1, max: 40 }), (first, last, parts) => {
      const cuts = cutsBetween(first, last, parts);
      expect(cuts).toEqual([...new Set(cuts)].toSorted());
      for (const cut of cuts) expect(first < cut && cut <= last).toBe(true);
    }),
    runs,
  );
});

test("the parts of a collection hold each of its documents once", async () => {
  await using world = await openMiddleWorld();
  const ids = [...numbers(60).map(hash), ...numbers(60).map(randomId), "Ünïcode", "__id7__", "x.y"];
  await world.put(
    "member_intake",
    ids.map((id) => [id, { name: { stringValue: id } }]),
  );
  const options = { parts: 6, least: 10, signal: undefined };
  const parts = await planParts(world.firestore, "member_intake", options);
  const found: string[] = [];
  const snapshot = await world.firestore.raw.snapshot();
  for (const range of parts)
    for await (const { lines } of snapshot.read(range))
      found.push(...lines.map(({ path }) => path.slice("member_intake/".length)));
  expect(found.toSorted()).toEqual(ids.toSorted());
  expect(await planParts(world.firestore, "nothing", options)).toHaveLength(1);
});
