import { afterEach, describe, expect, test, vi } from "vitest";
import { addDocuments, addQuery, addTarget, removeTarget } from "../../testing/listen-requests.ts";
import { inShort, TestDatabase } from "../../testing/listening.ts";
import { testDatabase } from "../../testing/query-of.ts";
import { RpcError } from "../rpc-error.ts";
import { microsOf } from "../value/timestamp.ts";
import { encodeResumeToken } from "./resume-token.ts";

const atLeast3 = { where: { fieldFilter: { field: { fieldPath: "n" }, op: 4, value: 3n } } };
const first2 = { orderBy: [{ field: { fieldPath: "n" }, direction: 1 }], limit: { value: 2 } };

describe("adding targets", () => {
  test("a query is answered with its documents in its order, that it is current, and a snapshot", () => {
    const world = new TestDatabase();
    world.write({ "c/1": { n: 5n }, "c/2": { n: 4n }, "c/3": { n: 1n }, "d/1": { n: 9n } });
    const stream = world.connect();
    stream.say(addQuery(testDatabase, 2, atLeast3));
    expect(inShort(stream.received)).toEqual([
      "ADD 2",
      "c/2 +2",
      "c/1 +2",
      "CURRENT 2",
      "SNAPSHOT",
    ]);
  });

  test("documents that do not exist are told as deleted", () => {
    const world = new TestDatabase();
    world.write({ "c/1": {} });
    const stream = world.connect();
    stream.say(addDocuments(testDatabase, 2, ["c/1", "c/2"]));
    expect(inShort(stream.received)).toEqual([
      "ADD 2",
      "c/1 +2",
      "delete c/2 -2",
      "CURRENT 2",
      "SNAPSHOT",
    ]);
  });

  test("without an id the server picks one that was not used before", () => {
    const stream = new TestDatabase().connect();
    stream.say(addDocuments(testDatabase, 4, []));
    stream.say(removeTarget(testDatabase, 4));
    stream.say(addDocuments(testDatabase, 0, []));
    expect(inShort(stream.received)).toContain("ADD 5");
  });

  test("an id that is in use ends the target that has it, and both sides know", () => {
    const world = new TestDatabase();
    const stream = world.connect();
    stream.say(addDocuments(testDatabase, 2, ["c/1"]));
    stream.take();
    stream.say(addDocuments(testDatabase, 2, ["c/2"]));
    const [removal] = stream.take();
    expect(removal?.targetChange).toMatchObject({ targetChangeType: 2, cause: { code: 3 } });
    world.write({ "c/1": {}, "c/2": {} });
    expect(stream.take()).toEqual([]);
  });

  test.each([
    ["a name that is none", { documents: { documents: ["x"] } }, /^Document name "x" lacks/u],
    [
      "a document of another database",
      { documents: { documents: ["projects/q/databases/x/documents/c/1"] } },
      /not in the database of the stream/u,
    ],
    [
      "a query of another database",
      { query: { parent: "projects/q/databases/x/documents" } },
      /not in the database of the stream/u,
    ],
    ["neither query nor documents", {}, /must have a query or documents/u],
  ])("%s ends the target with the reason, and not the stream", (_, target, message) => {
    const stream = new TestDatabase().connect();
    stream.say(addTarget(testDatabase, 2, target));
    const [added, removed, ...more] = stream.take();
    expect(inShort([added ?? {}, removed ?? {}])).toEqual(["ADD 2", "REMOVE 2"]);
    expect(removed?.targetChange?.cause?.code).toBe(3);
    expect(removed?.targetChange?.cause?.message).toMatch(message);
    expect(more).toEqual([]);
    stream.say(addDocuments(testDatabase, 4, []));
    expect(inShort(stream.take())).toEqual(["ADD 4", "CURRENT 4", "SNAPSHOT"]);
  });

  test("a query with a projection is refused as the service refuses it", () => {
    const stream = new TestDatabase().connect();
    stream.say(addQuery(testDatabase, 2, { select: { fields: [{ fieldPath: "n" }] } }));
    expect(stream.received.at(-1)?.targetChange?.cause).toEqual({
      code: 3,
      message: "'select' clauses are not supported for real-time queries.",
    });
  });

  test.each([
    ["", "All-collection queries are not supported by real-time queries."],
    [
      "c",
      "'all_descendants' in CollectionSelector with document parent is not supported by real-time queries.",
    ],
  ])("all that lies below a document is refused as the service refuses it (%j)", (id, message) => {
    const stream = new TestDatabase().connect();
    const parent = `${testDatabase}/documents/c/1`;
    const structuredQuery = {
      from: [{ collectionId: id, allDescendants: true }],
      orderBy: [],
      offset: 0,
    };
    stream.say(addTarget(testDatabase, 2, { query: { parent, structuredQuery } }));
    expect(stream.received.at(-1)?.targetChange?.cause).toEqual({ code: 3, message });
  });

  test("a query that the server would not run is refused with the server's reason", () => {
    const stream = new TestDatabase().connect(Infinity, {
      checkQuery: () => {
        throw new RpcError("FAILED_PRECONDITION", "The query requires an index.");
      },
    });
    stream.say(addQuery(testDatabase, 2, atLeast3));
    expect(stream.received.at(-1)?.targetChange?.cause).toEqual({
      code: 9,
      message: "The query requires an index.",
    });
  });

  test("a target of once is removed when it is current", () => {
    const stream = new TestDatabase().connect();
    stream.say(addQuery(testDatabase, 2, {}, { once: true }));
    expect(inShort(stream.received)).toEqual(["ADD 2", "CURRENT 2", "SNAPSHOT", "REMOVE 2"]);
  });

  test("removing a target that is not there says nothing", () => {
    const stream = new TestDatabase().connect();
    stream.say(removeTarget(testDatabase, 7));
    expect(stream.received).toEqual([]);
  });
});

describe("changes", () => {
  test("one commit is one snapshot for all targets, at the time of the commit", () => {
    const world = new TestDatabase();
    world.write({ "c/1": { n: 3n }, "c/2": { n: 9n } });
    const stream = world.connect();
    stream.say(addQuery(testDatabase, 2, atLeast3));
    stream.say(addDocuments(testDatabase, 4, ["c/1", "c/5"]));
    stream.take();
    const time = world.write({ "c/1": { n: 1n }, "c/5": { n: 5n }, "c/2": undefined });
    const told = stream.take();
    expect(inShort(told)).toEqual(["c/1 +4 -2", "c/5 +4 +2", "delete c/2 -2", "SNAPSHOT"]);
    const readTime = told.at(-1)?.targetChange?.readTime;
    expect(readTime && microsOf(readTime)).toBe(time);
  });

  test("what leaves a query by its own change is told with its new contents", () => {
    const world = new TestDatabase();
    world.write({ "c/1": { n: 3n } });
    const stream = world.connect();
    stream.say(addQuery(testDatabase, 2, atLeast3));
    stream.take();
    world.write({ "c/1": { n: 1n } });
    const [change] = stream.take();
    expect(change?.documentChange).toMatchObject({ targetIds: [], removedTargetIds: [2] });
    expect(change?.documentChange?.document.fields).toEqual(new Map([["n", 1n]]));
  });

  test("what others push out of a window is removed without its contents", () => {
    const world = new TestDatabase();
    world.write({ "c/1": { n: 1n }, "c/2": { n: 2n } });
    const stream = world.connect();
    stream.say(addQuery(testDatabase, 2, first2));
    stream.take();
    world.write({ "c/0": { n: 0n } });
    expect(inShort(stream.take())).toEqual(["remove c/2 -2", "c/0 +2", "SNAPSHOT"]);
  });

  test("commits that concern no target are not told", () => {
    const world = new TestDatabase();
    const stream = world.connect();
    stream.say(addQuery(testDatabase, 2, atLeast3));
    stream.take();
    world.write({ "d/1": { n: 5n }, "c/1": { n: 1n } });
    expect(stream.received).toEqual([]);
  });

  test("a target that was removed is told nothing more", () => {
    const world = new TestDatabase();
    const stream = world.connect();
    stream.say(addQuery(testDatabase, 2, {}));
    stream.say(removeTarget(testDatabase, 2));
    stream.take();
    world.write({ "c/1": {} });
    expect(stream.received).toEqual([]);
  });

  test("clearing the database deletes everything that is listened to", () => {
    const world = new TestDatabase();
    world.write({ "c/1": {}, "c/2": {} });
    const stream = world.connect();
    stream.say(addQuery(testDatabase, 2, {}));
    stream.take();
    world.database.clear(world.database.clock.commitTime());
    expect(inShort(stream.take())).toEqual(["delete c/1 -2", "delete c/2 -2", "SNAPSHOT"]);
  });
});

describe("a slow client", () => {
  test("is told of many commits at once, and of what is as before not at all", () => {
    const world = new TestDatabase();
    world.write({ "c/1": { n: 1n } });
    const stream = world.connect(4);
    stream.say(addQuery(testDatabase, 2, {}));
    stream.take();
    for (let n = 2n; n < 100n; n += 1n) {
      world.write({ "c/1": { n }, "c/9": { n } });
      world.write({ "c/9": undefined });
    }
    expect(stream.received).toEqual([]);
    stream.makeRoom(10);
    const told = stream.take();
    expect(inShort(told)).toEqual(["c/1 +2", "SNAPSHOT"]);
    expect(told[0]?.documentChange?.document.fields).toEqual(new Map([["n", 99n]]));
  });

  test("gets everything anew when more has changed than is worth keeping", () => {
    const world = new TestDatabase();
    world.write({ "c/1": {} });
    const stream = world.connect(4);
    stream.say(addQuery(testDatabase, 2, { limit: { value: 1 } }));
    stream.take();
    const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, id) => [`c/x${id}`, {}]));
    world.write(many);
    world.write({ "c/0": {} });
    stream.makeRoom(100);
    expect(inShort(stream.take())).toEqual(["RESET 2", "c/0 +2", "CURRENT 2", "SNAPSHOT"]);
    world.write({ "c/00": {} });
    expect(stream.take()).toEqual([]);
    world.write({ "c/0": undefined });
    expect(inShort(stream.take())).toEqual(["delete c/0 -2", "c/00 +2", "SNAPSHOT"]);
  });

  test("that removes a target in the middle of its documents is sent no more of them", () => {
    const world = new TestDatabase();
    world.write(Object.fromEntries(Array.from({ length: 50 }, (_, id) => [`c/${id}`, {}])));
    const stream = world.connect(3);
    stream.say(addQuery(testDatabase, 2, {}));
    stream.say(removeTarget(testDatabase, 2));
    stream.makeRoom(100);
    expect(inShort(stream.take())).toEqual(["ADD 2", "c/0 +2", "c/1 +2", "REMOVE 2", "SNAPSHOT"]);
  });

  test("that asks more than it reads has to wait with asking", () => {
    const stream = new TestDatabase().connect(1);
    for (let id = 1; id <= 150; id += 1) stream.say(addDocuments(testDatabase, id, []));
    expect(stream.isPaused).toBe(true);
    stream.makeRoom(Infinity);
    expect(stream.isPaused).toBe(false);
    expect(inShort(stream.received).filter((one) => one.startsWith("ADD"))).toHaveLength(150);
  });
});

describe("the stream", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test("ends well once the client has sent its last request and was answered", () => {
    const world = new TestDatabase();
    const stream = world.connect(1);
    stream.say(addDocuments(testDatabase, 2, []));
    stream.halfClose();
    expect(stream.hasEnded).toBe(false);
    stream.makeRoom(10);
    expect(inShort(stream.received)).toEqual(["ADD 2", "CURRENT 2", "SNAPSHOT"]);
    expect(stream.hasEnded).toBe(true);
  });

  test("of a client that is gone leaves nothing behind that observes the database", () => {
    const world = new TestDatabase();
    const stop = vi.fn<() => void>();
    vi.spyOn(world.database, "observe").mockReturnValue(stop);
    const stream = world.connect();
    stream.say(addQuery(testDatabase, 2, {}));
    expect(stop).not.toHaveBeenCalled();
    stream.cancel();
    expect(stop).toHaveBeenCalledOnce();
  });

  test("says that nothing changed after a while without a message", () => {
    vi.useFakeTimers();
    const world = new TestDatabase();
    const stream = world.connect(Infinity, { heartbeatMs: 1000 });
    vi.advanceTimersByTime(5000);
    expect(stream.received).toEqual([]);
    stream.say(addQuery(testDatabase, 2, {}));
    stream.take();
    world.now += 1_000_000;
    vi.advanceTimersByTime(1000);
    const [beat, ...more] = stream.take();
    expect(more).toEqual([]);
    expect(beat?.targetChange?.resumeToken).toEqual(encodeResumeToken(world.now));
  });

  test.each([
    ["the name of no database", { database: "x", removeTarget: 1 }, /^Database name "x"/u],
    ["no name of a database", { database: "", removeTarget: 1 }, /^Database name ""/u],
    ["nothing to do", { database: testDatabase }, /must be set/u],
  ])("fails with INVALID_ARGUMENT when a request has %s", (_, request, message) => {
    const stream = new TestDatabase().connect();
    stream.say(request);
    expect(stream.failure).toMatchObject({ status: "INVALID_ARGUMENT" });
    expect(stream.failure?.message).toMatch(message);
  });

  test("fails when a later request names another database", () => {
    const stream = new TestDatabase().connect();
    stream.say(addDocuments(testDatabase, 2, []));
    stream.say({ database: "projects/q/databases/x", removeTarget: 2 });
    expect(stream.failure).toMatchObject({ status: "INVALID_ARGUMENT" });
  });

  test("fails with INTERNAL when the server is at fault, and the server is told of it", () => {
    const onProblem = vi.fn<(error: unknown) => void>();
    const problem = new Error("disk");
    const stream = new TestDatabase().connect(Infinity, {
      onProblem,
      checkQuery: () => {
        throw problem;
      },
    });
    stream.say(addQuery(testDatabase, 2, {}));
    expect(stream.failure).toMatchObject({ status: "INTERNAL" });
    expect(onProblem).toHaveBeenCalledExactlyOnceWith(problem);
  });
});
