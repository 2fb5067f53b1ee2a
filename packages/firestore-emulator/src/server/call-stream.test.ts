import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../../testing/eventually.ts";
import { addDocuments, addQuery } from "../../testing/listen-requests.ts";
import { RawClient, type RawMessage, type RawStream } from "../../testing/raw-client.ts";
import { startTcpProxy } from "../../testing/tcp-proxy.ts";
import { startFirestoreEmulator, type FirestoreEmulator } from "../index.ts";
import type { ListenResponse } from "../protocol/messages.ts";
import { Database } from "../store/database.ts";
import type { Value } from "../value/value.ts";

const database = "projects/streams/databases/(default)";
let emulator: FirestoreEmulator;
let client: RawClient;
/** The streams that observe a database now. */
let observers: Set<symbol>;

beforeEach(async () => {
  const observing = new Set<symbol>();
  observers = observing;
  // oxlint-disable-next-line typescript/unbound-method -- it is called on the database that it was called on.
  const { observe } = Database.prototype;
  vi.spyOn(Database.prototype, "observe").mockImplementation(function (this: Database, callback) {
    const stop = observe.call(this, callback);
    const observer = Symbol("observer");
    observing.add(observer);
    return () => {
      observing.delete(observer);
      stop();
    };
  });
  emulator = await startFirestoreEmulator({ port: 0 });
  client = new RawClient(emulator.address);
});

afterEach(async () => {
  vi.restoreAllMocks();
  client.close();
  await emulator.close();
});

interface Opened {
  readonly stream: RawStream;
  readonly messages: readonly ListenResponse[];
  readonly status: Promise<{ readonly code: number; readonly details: string }>;
}

function open(by: RawClient, method: "Listen" | "Write" = "Listen"): Opened {
  const stream = by.open(method);
  const messages: ListenResponse[] = [];
  stream.on("data", (message: ListenResponse) => messages.push(message));
  stream.on("error", () => {});
  const status = new Promise<{ code: number; details: string }>((resolve) => {
    stream.on("status", resolve);
  });
  return { stream, messages, status };
}

function say(stream: RawStream, message: object): void {
  const fields: RawMessage = { ...message };
  stream.write(fields);
}

async function openedListener(by: RawClient): Promise<Opened> {
  const opened = open(by);
  say(opened.stream, addQuery(database, 2, {}));
  await eventually(() => {
    expect(opened.messages.length).toBeGreaterThan(2);
  });
  expect(observers.size).toBe(1);
  return opened;
}

async function write(id: string, fields: Readonly<Record<string, Value>>): Promise<void> {
  const name = `${database}/documents/c/${id}`;
  const update = { name, fields: new Map(Object.entries(fields)) };
  const { code, details } = await client.call("Commit", { database, writes: [{ update }] });
  expect([code, details]).toEqual([0, ""]);
}

describe("of a client that goes away nothing is left that observes the database", () => {
  test("when it ends the stream", async () => {
    const { stream, status } = await openedListener(client);
    stream.end();
    expect(await status).toMatchObject({ code: 0 });
    expect(observers.size).toBe(0);
  });

  test("when it cancels the stream", async () => {
    const { stream } = await openedListener(client);
    stream.cancel();
    await eventually(() => {
      expect(observers.size).toBe(0);
    });
  });

  test("when its connection breaks", async () => {
    const proxy = await startTcpProxy(emulator.port);
    const other = new RawClient(`127.0.0.1:${proxy.port}`);
    await openedListener(other);
    proxy.cut();
    await eventually(() => {
      expect(observers.size).toBe(0);
    });
    other.close();
    proxy.close();
  });

  test("when the server closes", async () => {
    const { status } = await openedListener(client);
    await emulator.close();
    expect((await status).code).not.toBe(0);
    await eventually(() => {
      expect(observers.size).toBe(0);
    });
  });

  test("when it is refused", async () => {
    const { stream, status } = await openedListener(client);
    say(stream, { database: "projects/other/databases/x", removeTarget: 2 });
    expect(await status).toMatchObject({ code: 3 });
    expect(observers.size).toBe(0);
  });
});

test("a client that does not read is not told of each of thousands of commits when it reads again", async () => {
  const { stream, messages } = await openedListener(client);
  stream.pause();
  const text = "x".repeat(20_000);
  const commits = 1000;
  for (let n = 0; n < commits; n += 50) {
    await Promise.all(
      Array.from(
        { length: 50 },
        async (_, index) => await write("1", { n: BigInt(n + index), text }),
      ),
    );
  }
  await write("1", { last: true });
  stream.resume();
  await eventually(() => {
    expect(messages.at(-2)?.documentChange?.document.fields).toEqual(new Map([["last", true]]));
  });
  expect(messages.filter(({ documentChange }) => documentChange).length).toBeLessThan(commits / 2);
});

test("a thousand targets of one stream are each told of what is theirs", async () => {
  const { stream, messages } = open(client);
  for (let id = 1; id <= 1000; id += 1) {
    const value = BigInt(id);
    const where = { fieldFilter: { field: { fieldPath: "n" }, op: 5, value } };
    say(stream, addQuery(database, id, { where }));
  }
  await eventually(() => {
    expect(messages).toHaveLength(3000);
  });
  await write("1", { n: 77n });
  await write("1", { n: 990n });
  await eventually(() => {
    expect(messages).toHaveLength(3004);
  });
  expect(messages.flatMap(({ documentChange }) => documentChange ?? [])).toMatchObject([
    { targetIds: [77], removedTargetIds: [] },
    { targetIds: [990], removedTargetIds: [77] },
  ]);
});

test("a request that cannot be read ends the stream with INVALID_ARGUMENT", async () => {
  const { stream, status } = open(client);
  say(stream, addDocuments(database, 2, ["x".repeat(12_000_000)]));
  expect(await status).toMatchObject({ code: 3 });
});
