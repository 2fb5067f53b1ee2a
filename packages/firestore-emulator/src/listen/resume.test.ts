import { expect, test } from "vitest";
import { addDocuments, addQuery } from "../../testing/listen-requests.ts";
import { inShort, TestDatabase } from "../../testing/listening.ts";
import { testDatabase } from "../../testing/query-of.ts";
import { timestampOf } from "../value/timestamp.ts";
import { encodeResumeToken } from "./resume-token.ts";

/** Some documents, and a token from before a few of them changed. */
function changedSince(world: TestDatabase): { readonly resumeToken: Uint8Array } {
  world.write({ "c/1": { n: 1n }, "c/2": { n: 2n }, "c/3": { n: 3n }, "c/4": { n: 4n } });
  const resumeToken = encodeResumeToken(world.database.clock.readTime());
  world.write({ "c/2": undefined, "c/4": { n: 0n }, "c/5": { n: 5n } });
  return { resumeToken };
}

test("only what changed since is told, deletions and departures too", () => {
  const world = new TestDatabase();
  const target = changedSince(world);
  const stream = world.connect();
  const some = { where: { fieldFilter: { field: { fieldPath: "n" }, op: 3, value: 0n } } };
  stream.say(addQuery(testDatabase, 2, some, target));
  expect(inShort(stream.received)).toEqual([
    "ADD 2",
    "delete c/2 -2",
    "c/4 -2",
    "c/5 +2",
    "CURRENT 2",
    "SNAPSHOT",
  ]);
});

test("a read time does as well as a token", () => {
  const world = new TestDatabase();
  world.write({ "c/1": {} });
  const readTime = timestampOf(world.database.clock.readTime());
  world.write({ "c/2": {} });
  const stream = world.connect();
  stream.say(addQuery(testDatabase, 2, {}, { readTime }));
  expect(inShort(stream.received)).toEqual(["ADD 2", "c/2 +2", "CURRENT 2", "SNAPSHOT"]);
});

test("of documents, those that are as they were are not sent again", () => {
  const world = new TestDatabase();
  const target = changedSince(world);
  const stream = world.connect();
  stream.say(addDocuments(testDatabase, 2, ["c/1", "c/2", "c/5", "c/9"], target));
  expect(inShort(stream.received)).toEqual([
    "ADD 2",
    "delete c/2 -2",
    "c/5 +2",
    "CURRENT 2",
    "SNAPSHOT",
  ]);
});

test("a client that had another number of documents is told how many there are and which", () => {
  const world = new TestDatabase();
  const target = changedSince(world);
  const stream = world.connect();
  stream.say(addQuery(testDatabase, 2, {}, { ...target, expectedCount: { value: 6 } }));
  expect(inShort(stream.take())).toContain("filter 2: 4");
  stream.say(addQuery(testDatabase, 4, {}, { ...target, expectedCount: { value: 4 } }));
  expect(inShort(stream.take()).filter((one) => one.startsWith("filter"))).toEqual([]);
});

test.each([
  ["is older than an hour", -3_600_000_001],
  ["is in the future", 3_600_000_000],
])("a token that %s starts anew", (_, distance) => {
  const world = new TestDatabase();
  world.write({ "c/1": {} });
  world.now += 7_200_000_000;
  const stream = world.connect();
  const resumeToken = encodeResumeToken(world.now + distance);
  stream.say(addQuery(testDatabase, 2, {}, { resumeToken }));
  expect(inShort(stream.received)).toEqual(["ADD 2", "RESET 2", "c/1 +2", "CURRENT 2", "SNAPSHOT"]);
});

test.each([
  ["nothing that this server made", () => Uint8Array.from([7, 7, 7])],
  ["from before the server was started", () => encodeResumeToken(1)],
])("a token that is %s starts anew", (_, token) => {
  const world = new TestDatabase();
  const stream = world.connect();
  stream.say(addQuery(testDatabase, 2, {}, { resumeToken: token() }));
  expect(inShort(stream.received)).toEqual(["ADD 2", "RESET 2", "CURRENT 2", "SNAPSHOT"]);
});

test("a token from before the database was cleared starts anew", () => {
  const world = new TestDatabase();
  const target = changedSince(world);
  world.database.clear(world.database.clock.commitTime());
  const stream = world.connect();
  stream.say(addQuery(testDatabase, 2, {}, target));
  expect(inShort(stream.received)).toContain("RESET 2");
});
