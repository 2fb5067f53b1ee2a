import { isDeepStrictEqual } from "node:util";
import type { Firestore } from "@ctb-data/firestore";
import { Blueprint, Client } from "@ctb-data/models";
import type { Postgres } from "@ctb-data/postgres";
import { paint, say, sayTable } from "./console.ts";
import type { FirestoreProcess } from "./firestore-process.ts";

/** The server that documents are written to, and how to start it again. */
export interface DocumentServer {
  readonly firestore: Firestore;
  readonly signal: AbortSignal;
  /** The process that runs now. */
  readonly process: () => FirestoreProcess;
  /** The absolute path of its folder. */
  readonly dataDir: string;
  /** Starts another one on the same folder and port. */
  readonly restart: () => Promise<FirestoreProcess>;
}

/** After so many documents the server is killed. */
const killAfter = 200;

/**
 * Writes every client and blueprint as a document, and kills the server in the middle. Nobody is told: the bulk writer and the
 * listener go on by themselves.
 *
 * @throws {Error} when a document that the server had confirmed is not there any more.
 */
export async function writeDocuments(db: Postgres, server: DocumentServer): Promise<void> {
  const { firestore, signal } = server;
  const clients = firestore.collection(Client);
  using heard = listenTo(server);
  const rows = await db.table(Client).find({}, { orderBy: { id: "asc" } });
  const confirmed: string[] = [];
  let killed: Promise<void> | undefined;
  const summary = await clients.bulkWrite(
    rows.map((row) => ({ op: "save", row })),
    {
      ramp: false,
      maxPending: 50,
      signal,
      onResult: async (result) => {
        if (result.ok && killed === undefined) confirmed.push(result.path.slice("clients/".length));
        if (confirmed.length === killAfter) killed ??= killAndStart(server, confirmed);
        await killed;
      },
    },
  );
  say(`${summary.written} clients written, ${summary.failed} failed.`);
  const blueprints = await db.table(Blueprint).find({});
  const others = await firestore.collection(Blueprint).bulkWrite(
    blueprints.map((row) => ({ op: "save", row })),
    { ramp: false, signal },
  );
  say(`${others.written} blueprints written, ${others.failed} failed.`);
  await heard.until(rows.length);
  say(`The listener heard of ${rows.length} clients in ${heard.states()} steps, and of no other.`);
}

async function killAndStart(
  { firestore, process, restart }: DocumentServer,
  confirmed: readonly string[],
): Promise<void> {
  const ids = [...confirmed];
  say(`${ids.length} documents confirmed: ${paint("red", `kill -9 ${process().pid}`)}`);
  await process().kill();
  const { pid, port } = await restart();
  const kept = await firestore.collection(Client).getAll(ids);
  const lost = kept.filter((document) => document === undefined).length;
  if (lost > 0) {
    throw new Error(`${lost} documents that were confirmed are lost.`);
  }
  say(`Started again on port ${port} as process ${pid}: all ${ids.length} of them are there.`);
}

interface Heard extends Disposable {
  readonly states: () => number;
  /** Resolves when the listener knows of so many clients. */
  readonly until: (count: number) => Promise<void>;
}

function listenTo({ firestore, signal }: DocumentServer): Heard {
  let states = 0;
  let known = 0;
  const waiting = Promise.withResolvers<void>();
  const stopped = (): void => {
    waiting.reject(signal.reason);
  };
  signal.addEventListener("abort", stopped);
  // Nobody waits for it yet.
  waiting.promise.catch(() => undefined);
  let wanted = Infinity;
  const stop = firestore.collection(Client).listen(
    ({ documents }) => {
      states += 1;
      known = documents.length;
      if (known === wanted) waiting.resolve();
    },
    { onError: waiting.reject, signal },
  );
  return {
    states: () => states,
    until: async (count) => {
      wanted = count;
      if (known === count) waiting.resolve();
      await waiting.promise;
    },
    [Symbol.dispose]: () => {
      stop();
      signal.removeEventListener("abort", stopped);
    },
  };
}

/** Asks Firestore: typed by field and value, and read by the models. */
export async function queryDocuments(firestore: Firestore): Promise<void> {
  const clients = firestore.collection(Client);
  say(
    paint(
      "cyan",
      'clients.where("name", ">=", "S").where("name", "<", "T").orderBy("name").limit(5)',
    ),
  );
  const query = clients.where("name", ">=", "S").where("name", "<", "T").orderBy("name");
  for (const { id, value } of await query.limit(5).get()) {
    say(`  ${id.padStart(3)}  ${value.name}`);
  }
  say(`  … of ${await query.count()} that begin so`);
  say(paint("cyan", 'blueprints.aggregate({ all: "count" })'));
  const { all } = await firestore.collection(Blueprint).aggregate({ all: "count" });
  say(`  ${all} blueprints: a profile for each company, and the vendors' own`);
}

/**
 * Compares every row with its document, and every document with its row.
 *
 * @throws {Error} when they do not agree.
 */
export async function compareStores(db: Postgres, firestore: Firestore): Promise<void> {
  const counts = [
    await compareTable(await db.table(Client).find({}), firestore.collection(Client), (client) =>
      Client.toJson(client),
    ),
    await compareTable(
      await db.table(Blueprint).find({}),
      firestore.collection(Blueprint),
      (blueprint) => Blueprint.toJson(blueprint),
    ),
  ];
  sayTable(
    ["collection", "rows", "documents", "differ"],
    counts.map(({ name, rows, documents, differ }) => [
      name,
      String(rows),
      String(documents),
      String(differ),
    ]),
  );
  if (counts.some(({ rows, documents, differ }) => rows !== documents || differ > 0)) {
    throw new Error("PostgreSQL and Firestore do not agree.");
  }
  say("Both stores agree: each row is its document, value by value.");
}

interface Comparison {
  readonly name: string;
  readonly rows: number;
  readonly documents: number;
  /** Rows whose document is another, or not there. */
  readonly differ: number;
}

interface Documents<Value> extends AsyncIterable<{ readonly id: string; readonly value: Value }> {
  readonly id: string;
}

async function compareTable<Value extends { readonly id?: number }>(
  rows: readonly Value[],
  collection: Documents<Value>,
  toJson: (value: Value) => object,
): Promise<Comparison> {
  const found = new Map<string, Value>();
  for await (const { id, value } of collection) {
    found.set(id, value);
  }
  const differ = rows.filter((row) => {
    const document = found.get(String(row.id));
    return document === undefined || !isDeepStrictEqual(toJson(row), toJson(document));
  });
  return { name: collection.id, rows: rows.length, documents: found.size, differ: differ.length };
}
