import { Buffer } from "node:buffer";
import { expect, test, vi } from "vitest";
import { eventually } from "../../testing/eventually.ts";
import { FakeStream } from "../../testing/fake-stream.ts";
import { testDatabase } from "../../testing/query-of.ts";
import type { Write, WriteRequest, WriteResponse } from "../protocol/messages.ts";
import { RpcError } from "../rpc-error.ts";
import { timestampOf } from "../value/timestamp.ts";
import { serveWrite, type WriteStreamOptions } from "./serve-write.ts";

const empty = { database: "", streamId: "", streamToken: new Uint8Array(), writes: [] };

function deletionOf(path: string): Write {
  return { delete: `${testDatabase}/documents/${path}`, updateTransforms: [] };
}

/** A stream over commits that a test can look at; each takes a turn of the event loop and is a microsecond after the last. */
function open(options: Partial<WriteStreamOptions> = {}, room = Infinity) {
  const committed: (readonly Write[])[] = [];
  const stream = new FakeStream<WriteRequest, WriteResponse>(room);
  serveWrite(stream, {
    commit: async (_database, writes) => {
      await new Promise(setImmediate);
      committed.push(writes);
      return { writeResults: writes.map(() => ({})), time: committed.length };
    },
    onProblem: (error) => {
      throw error;
    },
    ...options,
  });
  return { stream, committed };
}

async function receive(stream: FakeStream<WriteRequest, WriteResponse>, count: number) {
  await eventually(() => {
    expect(stream.received).toHaveLength(count);
  });
  return stream.received;
}

test("a handshake is answered with the stream's id and a token, each message of writes with results and a new token", async () => {
  const { stream } = open();
  stream.say({ ...empty, database: testDatabase });
  const [handshake] = await receive(stream, 1);
  expect(handshake?.streamId).not.toBe("");
  expect(handshake?.writeResults).toBeUndefined();
  const streamToken = handshake?.streamToken ?? new Uint8Array();
  expect(streamToken.length).toBeGreaterThan(0);
  stream.say({ ...empty, streamToken, writes: [deletionOf("c/1"), deletionOf("c/2")] });
  const [, answer] = await receive(stream, 2);
  expect(answer).toMatchObject({ writeResults: [{}, {}], commitTime: timestampOf(1) });
  expect(answer?.streamToken).not.toEqual(streamToken);
});

test("messages that come before the answers to those before them are committed one by one, in their order", async () => {
  const { stream, committed } = open();
  stream.say({ ...empty, database: testDatabase });
  const all = Array.from({ length: 40 }, (_, index) => [deletionOf(`c/${index}`)]);
  for (const writes of all) stream.say({ ...empty, writes });
  expect(stream.isPaused).toBe(true);
  const answers = await receive(stream, 41);
  expect(committed).toEqual(all);
  expect(stream.isPaused).toBe(false);
  expect(answers.slice(1).map(({ commitTime }) => commitTime?.nanos)).toEqual(
    all.map((_, index) => (index + 1) * 1000),
  );
  const tokens = answers.map(({ streamToken }) => Buffer.from(streamToken ?? []).toString("hex"));
  expect(new Set(tokens).size).toBe(41);
});

test("a message of no writes gives a token and no commit", async () => {
  const { stream, committed } = open();
  stream.say({ ...empty, database: testDatabase });
  stream.say(empty);
  const [, answer] = await receive(stream, 2);
  expect(answer?.streamToken?.length).toBeGreaterThan(0);
  expect(answer?.commitTime).toBeUndefined();
  expect(committed).toEqual([]);
});

test("a commit that is refused ends the stream with its status, and what was sent after it is not done", async () => {
  const refusal = new RpcError("NOT_FOUND", "No document to update: c/1");
  const commit = vi.fn<WriteStreamOptions["commit"]>().mockRejectedValue(refusal);
  const { stream } = open({ commit });
  stream.say({ ...empty, database: testDatabase });
  stream.say({ ...empty, writes: [deletionOf("c/1")] });
  stream.say({ ...empty, writes: [deletionOf("c/2")] });
  await eventually(() => {
    expect(stream.failure).toBe(refusal);
  });
  expect(commit).toHaveBeenCalledOnce();
});

test("a fault of the server ends the stream with INTERNAL, and the server is told of it", async () => {
  const problem = new Error("disk");
  const onProblem = vi.fn<(error: unknown) => void>();
  const commit = vi.fn<WriteStreamOptions["commit"]>().mockRejectedValue(problem);
  const { stream } = open({ commit, onProblem });
  stream.say({ ...empty, database: testDatabase });
  stream.say({ ...empty, writes: [deletionOf("c/1")] });
  await eventually(() => {
    expect(stream.failure).toMatchObject({ status: "INTERNAL" });
  });
  expect(onProblem).toHaveBeenCalledExactlyOnceWith(problem);
});

test.each([
  [
    "a stream to resume",
    { streamId: "1" },
    "Resuming streams is not supported, do not set stream ID.",
  ],
  [
    "a token",
    { streamToken: Uint8Array.of(48) },
    "Resuming streams is not supported, 'stream_token' must not be set on an initial write request.",
  ],
  ["no database", { database: "" }, "'database' must be set on an initial write request."],
  [
    "writes",
    { writes: [deletionOf("c/1")] },
    "'writes' must not be set on an initial write request.",
  ],
  ["what is no database", { database: "x" }, 'Database name "x" lacks "projects" at index 0.'],
])("a first message with %s is refused", async (_, request, message) => {
  const { stream } = open();
  stream.say({ ...empty, database: testDatabase, ...request });
  await eventually(() => {
    expect(stream.failure).toMatchObject({ status: "INVALID_ARGUMENT", message });
  });
});

test("a later message for another database is refused", async () => {
  const { stream, committed } = open();
  stream.say({ ...empty, database: testDatabase });
  stream.say({ ...empty, database: "projects/q/databases/x", writes: [deletionOf("c/1")] });
  await eventually(() => {
    expect(stream.failure).toMatchObject({ status: "INVALID_ARGUMENT" });
  });
  expect(committed).toEqual([]);
});

test("a client that reads nothing has its next writes wait", async () => {
  const { stream, committed } = open({}, 1);
  stream.say({ ...empty, database: testDatabase });
  stream.say({ ...empty, writes: [deletionOf("c/1")] });
  await receive(stream, 1);
  await new Promise(setImmediate);
  expect(committed).toEqual([]);
  stream.makeRoom(10);
  await receive(stream, 2);
  expect(committed).toHaveLength(1);
});

test("the stream ends well when the client has no more to send and has all its answers", async () => {
  const { stream } = open();
  stream.say({ ...empty, database: testDatabase });
  stream.say({ ...empty, writes: [deletionOf("c/1")] });
  stream.halfClose();
  await eventually(() => {
    expect(stream.hasEnded).toBe(true);
  });
  expect(stream.received).toHaveLength(2);
});

test("a client that is gone gives up the commit that waits, and those behind it", async () => {
  const signals: AbortSignal[] = [];
  const { stream } = open({
    commit: async (_database, _writes, signal) => {
      signals.push(signal);
      return await new Promise(() => {});
    },
  });
  stream.say({ ...empty, database: testDatabase });
  stream.say({ ...empty, writes: [deletionOf("c/1")] });
  stream.say({ ...empty, writes: [deletionOf("c/2")] });
  await eventually(() => {
    expect(signals).toHaveLength(1);
  });
  stream.cancel();
  expect(signals[0]?.aborted).toBe(true);
  expect(signals).toHaveLength(1);
});
