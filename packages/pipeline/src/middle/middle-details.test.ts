import { expect, test } from "vitest";
import {
  idOfMail,
  mail,
  memberDocuments,
  type DocumentFields,
} from "../../testing/member-documents.ts";
import { linesOf, middleState, middleVersions } from "../../testing/middle-state.ts";
import { openMiddleWorld, type MiddleWorld } from "../../testing/middle-world.ts";
import { rehearseTestMiddle, runTestMiddle } from "../../testing/run-test-middle.ts";

const text = (value: string): object => ({ stringValue: value });

const member = (id: string, address: string, rest: Record<string, object> = {}): DocumentFields => [
  id,
  { [mail]: text(address), name: text(id), ...rest },
];

/** Somebody whose document has so many bytes that are nobody's. */
const full = (id: string, bytes: number): DocumentFields =>
  member(id, `${id}@example.com`, { _filling: text("x".repeat(bytes)) });

/** What is marked on a document. */
async function marksOf(world: MiddleWorld, id: string): Promise<object> {
  const document = await world.firestore.documents("member_intake").doc(id).get();
  const { validated, promoted_to } = document?.data ?? {};
  return { validated, promoted_to };
}

async function failureCodes(
  world: MiddleWorld,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const codes: Record<string, readonly string[]> = {};
  for (const [path, line] of await linesOf(world)) {
    if (!path.startsWith("validation_failed/")) continue;
    const found = line.matchAll(/"code":\{"stringValue":"(?<code>[^"]*)"/g);
    codes[path.slice(path.indexOf(":") + 1)] = Array.from(
      found,
      ({ groups }) => groups?.["code"] ?? "",
    );
  }
  return codes;
}

test("a document that lost its key to one with a smaller id is not marked as promoted any more", async () => {
  await using world = await openMiddleWorld();
  await world.put("member_intake", [member("b", "same@example.com")]);
  await runTestMiddle(world.stores);
  expect(await marksOf(world, "b")).toEqual({ validated: true, promoted_to: "members/1" });
  await world.put("member_intake", [member("a", "same@example.com")]);
  const { counts } = await runTestMiddle(world.stores, { batch: 1 });
  expect(counts).toMatchObject({ displaced: 1, refused: 1 });
  expect(await marksOf(world, "a")).toEqual({ validated: true, promoted_to: "members/1" });
  expect(await marksOf(world, "b")).toEqual({ validated: false, promoted_to: undefined });
  expect(await failureCodes(world)).toEqual({ b: ["duplicate_key"] });
  await world.put("member_intake", [member("a", "other@example.com")]);
  await runTestMiddle(world.stores);
  expect(await failureCodes(world)).toEqual({});
  expect(await marksOf(world, "b")).toMatchObject({ validated: true });
});

test("a place that an application says a document was promoted to goes where that is not so, whatever its type", async () => {
  await using world = await openMiddleWorld();
  const forged = [
    { stringValue: "members/7" },
    { integerValue: "7" },
    { booleanValue: true },
    { nullValue: null },
    { mapValue: {} },
    { arrayValue: {} },
  ];
  const ids = forged.map((_, index) => `forged${index}`);
  const documents = ids.map(
    (id, index) => [id, { name: { stringValue: "X" }, promoted_to: forged[index] ?? {} }] as const,
  );
  await world.put("member_intake", documents);
  await runTestMiddle(world.stores);
  for (const id of ids)
    expect(await marksOf(world, id)).toEqual({ validated: false, promoted_to: undefined });
});

test("a record that is mended loses its failure, and one that is deleted leaves none behind", async () => {
  await using world = await openMiddleWorld();
  await world.put("member_intake", [
    member("mended", "1@example.com", { born: text("2023-02-29") }),
    member("deleted", "2@example.com", { rank: text("platinum") }),
  ]);
  for (const promote of [false, true]) {
    await runTestMiddle(world.stores, { promote });
    expect(await failureCodes(world)).toEqual({
      mended: ["wrong_format"],
      deleted: ["not_listed"],
    });
  }
  const collection = world.firestore.documents("member_intake");
  await collection.doc("mended").merge({ born: "2024-02-29" });
  await collection.doc("deleted").delete();
  const { counts } = await runTestMiddle(world.stores, { promote: false });
  expect(counts).toMatchObject({ read: 1, valid: 1, cleared: 1, marked: 1 });
  expect(await failureCodes(world)).toEqual({});
  expect(await marksOf(world, "mended")).toEqual({ validated: true, promoted_to: undefined });
});

test("to validate does not lift what a promotion has found, until the document says something else", async () => {
  await using world = await openMiddleWorld();
  await world.put("member_intake", [
    member("a", "same@example.com"),
    member("b", "same@example.com"),
    member("c", "c@example.com", { points: { integerValue: "5000000" } }),
  ]);
  await runTestMiddle(world.stores);
  const found = { b: ["duplicate_key"], c: ["refused"] };
  expect(await failureCodes(world)).toEqual(found);
  const versions = await middleVersions(world);
  await runTestMiddle(world.stores, { promote: false });
  expect(await middleVersions(world)).toEqual(versions);
  await world.firestore
    .documents("member_intake")
    .doc("b")
    .merge({ [mail]: "b@example.com" });
  await runTestMiddle(world.stores, { promote: false });
  expect(await failureCodes(world)).toEqual({ c: ["refused"] });
  expect(await marksOf(world, "b")).toEqual({ validated: true, promoted_to: undefined });
});

test("a document of a mebibyte is promoted though it has no room for marks, and said to be unmarked", async () => {
  await using world = await openMiddleWorld();
  await world.put("member_intake", [full("full", 1_048_450), full("roomy", 1_040_000)]);
  const { counts, firstErrors } = await runTestMiddle(world.stores);
  expect(counts).toMatchObject({ inserted: 2, marked: 1, unmarked: 1 });
  expect(firstErrors).toMatchObject([{ place: "member_intake/full", code: "too_large" }]);
  expect(await marksOf(world, "full")).toEqual({ validated: undefined, promoted_to: undefined });
  const again = await runTestMiddle(world.stores);
  expect(again.counts).toMatchObject({ unchanged: 2, inserted: 0, marked: 0, unmarked: 1 });
});

test("documents below those of the collection, and collections of its name elsewhere, are not looked at", async () => {
  await using world = await openMiddleWorld();
  await world.put("member_intake", [member("a", "a@example.com")]);
  await world.put("member_intake/a/member_intake", [member("b", "b@example.com")]);
  await world.put("other/a/member_intake", [member("c", "c@example.com")]);
  await world.put("member_intake2", [member("d", "d@example.com")]);
  const { counts } = await runTestMiddle(world.stores, { parts: 4 });
  expect(counts).toMatchObject({ read: 1, inserted: 1 });
});

test("an order waits for its member: it fails where there is none, and is promoted when there is", async () => {
  await using world = await openMiddleWorld();
  const order = (id: string, to: object): DocumentFields => [
    id,
    { code: text(id), member_id: to, amount: text("1.50") },
  ];
  await world.put("order_intake", [
    order("1", { referenceValue: `@/member_intake/${idOfMail("m1@example.com")}` }),
    order("2", { mapValue: { fields: { [mail]: text("m2@example.com") } } }),
    order("3", { mapValue: { fields: { [mail]: text("nobody@example.com") } } }),
  ]);
  await runTestMiddle(world.stores, { kind: "orders" });
  expect(Object.keys(await failureCodes(world))).toEqual(["1", "2", "3"]);
  await world.put("member_intake", memberDocuments(2, world.keyring));
  await runTestMiddle(world.stores);
  const { counts } = await runTestMiddle(world.stores, { kind: "orders" });
  expect(counts).toMatchObject({ inserted: 2, refused: 1 });
  const { rows } = await world.postgres.query(
    'SELECT code, m."E-Mail ü" AS mail FROM orders JOIN members m ON m.id = member_id ORDER BY 1',
  );
  expect(rows).toEqual([
    { code: "1", mail: "m1@example.com" },
    { code: "2", mail: "m2@example.com" },
  ]);
});

test("a dry run counts what a run does, and writes nothing in any store", async () => {
  await using world = await openMiddleWorld();
  await world.put("member_intake", [
    member("a", "a@example.com"),
    member("b", "b@example.com", { rank: text("platinum") }),
    member("c", "c@example.com", { points: { integerValue: "5000000" } }),
    member("d", "d@example.com", {
      recommended_by: { mapValue: { fields: { [mail]: text("nobody@example.com") } } },
    }),
  ]);
  const lines = await linesOf(world);
  const { counts, firstErrors } = await rehearseTestMiddle(world.stores, { promote: true });
  expect(counts).toMatchObject({
    read: 4,
    valid: 3,
    invalid: 1,
    inserted: 1,
    refused: 1,
    waiting: 1,
  });
  expect(firstErrors.map(({ place }) => place)).toEqual(["member_intake/b", "member_intake/c"]);
  const validated = await rehearseTestMiddle(world.stores, { promote: false });
  expect(validated.counts).toMatchObject({ read: 4, valid: 3, invalid: 1, marked: 0 });
  expect(await linesOf(world)).toEqual(lines);
  const { rows } = await world.postgres.query(
    "SELECT to_regnamespace('ctb_data') IS NULL AS none, (SELECT count(*)::int FROM members) AS members",
  );
  expect(rows).toEqual([{ none: true, members: 0 }]);
});

test("a run that is cancelled stops, and the next one does what is left", async () => {
  await using world = await openMiddleWorld();
  await using clean = await openMiddleWorld(world.firestoreHost);
  const documents = memberDocuments(150, world.keyring);
  for (const one of [world, clean]) await one.put("member_intake", documents);
  await runTestMiddle(clean.stores);
  const stop = new AbortController();
  const stopping = runTestMiddle(world.stores, {
    batch: 10,
    parts: 2,
    signal: stop.signal,
    onProgress: ({ kind }) => void (kind === "count" && stop.abort()),
  });
  await expect(stopping).rejects.toMatchObject({ name: "PipelineError", code: "CANCELLED" });
  await runTestMiddle(world.stores);
  expect(await middleState(world)).toEqual(await middleState(clean));
});
