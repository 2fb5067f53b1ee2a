import { setTimeout } from "node:timers/promises";
import { microsOf, type Timestamp } from "../src/value/timestamp.ts";
import type { MapValue } from "../src/value/value.ts";
import { mapOf, type Answer, type ContractWorld } from "./contract/contract-world.ts";
import type { HistoryEvent, Seen } from "./history.ts";
import { RawClient, type RawMessage } from "./raw-client.ts";

type Draft = {
  -readonly [Key in "reads" | "writes"]: Map<string, Seen>;
} & { queries: { prefix: string; found: Map<string, bigint> }[] };

/** Counts beginnings and ends, and makes values that nobody else writes. */
export class Recorder {
  readonly events: HistoryEvent[] = [];
  #count = 0;
  #value = 0n;

  tick(): number {
    this.#count += 1;
    return this.#count;
  }

  value(): bigint {
    this.#value += 1n;
    return this.#value;
  }
}

/** A small generator, so that a run can be told by its seed. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const documents = ["x/1", "x/2", "x/3"];
const queried = ["q/1", "q/2", "q/3", "q/4"];
const maxTries = 30;

const prefixes = ["q/", "x/"];

/** One client that reads and writes what others read and write, and writes down what it saw. */
export class ContendingClient {
  readonly #world: ContractWorld;
  readonly #client: RawClient;
  readonly #recorder: Recorder;
  readonly #random: (below: number) => number;

  constructor(world: ContractWorld, recorder: Recorder, random: (below: number) => number) {
    this.#world = world;
    this.#client = new RawClient(world.server.address);
    this.#recorder = recorder;
    this.#random = random;
  }

  /** Does one thing. @throws when the server answers what it should not. */
  async step(): Promise<void> {
    const steps = [
      () => this.#transaction((draft, id) => this.#change(draft, id)),
      () => this.#transaction((draft, id) => this.#skew(draft, id)),
      () => this.#transaction((draft, id) => this.#phantom(draft, id)),
      () => this.#plainWrites(),
      () => this.#batchWrite(),
      () => this.#readOnly(),
      () => this.#plainRead(),
    ];
    await steps[this.#random(steps.length)]?.();
  }

  close(): void {
    this.#client.close();
  }

  /** Reads some documents, and writes some of them. */
  async #change(draft: Draft, transaction: Uint8Array): Promise<void> {
    const read = documents.filter(() => this.#random(2) === 0);
    if (read.length > 0) await this.#read(draft, read, { transaction });
    for (const path of read) if (this.#random(2) === 0) this.#write(draft, path);
  }

  /** Reads two documents and writes one. */
  async #skew(draft: Draft, transaction: Uint8Array): Promise<void> {
    await Promise.all([
      this.#read(draft, ["x/1"], { transaction }),
      this.#read(draft, ["x/2"], { transaction }),
    ]);
    this.#write(draft, this.#random(2) === 0 ? "x/1" : "x/2");
  }

  /** Queries, and creates or deletes what the query would find. */
  async #phantom(draft: Draft, transaction: Uint8Array): Promise<void> {
    const found = await this.#query(draft, "q/", { transaction });
    const path = queried[this.#random(queried.length)] ?? "q/1";
    if (found.has(path)) draft.writes.set(path, undefined);
    else this.#write(draft, path);
  }

  async #transaction(body: (draft: Draft, id: Uint8Array) => Promise<void>): Promise<void> {
    let retryTransaction: Uint8Array | undefined;
    for (let attempt = 0; attempt < maxTries; attempt += 1) {
      const began = this.#recorder.tick();
      const draft: Draft = { reads: new Map(), queries: [], writes: new Map() };
      const options = { readWrite: retryTransaction ? { retryTransaction } : {} };
      const id = await this.#world.begin(options);
      retryTransaction = id;
      try {
        await body(draft, id);
        const answer = await this.#commit(draft, { transaction: id });
        const time = answer.messages[0]?.commitTime;
        this.#note("transaction", draft, { began, time, isCommit: true });
        return;
      } catch (error) {
        if (!(error instanceof AbortedError)) throw error;
        // A third of them does not roll back what was aborted.
        const request = { database: this.#world.database, transaction: id };
        if (this.#random(3) > 0) await this.#client.call("Rollback", request);
        await setTimeout(this.#random(5));
      }
    }
    throw new Error(`A transaction was aborted ${maxTries} times.`);
  }

  async #plainWrites(): Promise<void> {
    const began = this.#recorder.tick();
    const draft: Draft = { reads: new Map(), queries: [], writes: new Map() };
    for (const path of [...documents, ...queried]) {
      if (this.#random(4) === 0) this.#write(draft, path);
    }
    const answer = await this.#commit(draft);
    const time = answer.messages[0]?.commitTime;
    this.#note("commit", draft, { began, time, isCommit: true });
  }

  /** Each write on its own, at its own time. */
  async #batchWrite(): Promise<void> {
    const began = this.#recorder.tick();
    const paths = [...documents, ...queried].filter(() => this.#random(3) === 0);
    const values = new Map(paths.map((path) => [path, this.#recorder.value()]));
    const { messages } = await this.#call("BatchWrite", {
      database: this.#world.database,
      writes: [...values].map(([path, n]) => ({ update: this.#world.document(path, { n }) })),
    });
    for (const [index, [path, value]] of [...values].entries()) {
      const status = messages[0]?.status[index];
      if (status && status.code !== 0) continue;
      const time = messages[0]?.writeResults[index]?.updateTime;
      const draft: Draft = { reads: new Map(), queries: [], writes: new Map([[path, value]]) };
      this.#note("batch write", draft, { began, time, isCommit: true });
    }
  }

  /** Reads one moment, in several requests. */
  async #readOnly(): Promise<void> {
    const began = this.#recorder.tick();
    const draft: Draft = { reads: new Map(), queries: [], writes: new Map() };
    const transaction = await this.#world.begin({ readOnly: {} });
    const time = await this.#read(draft, documents, { transaction });
    const ended = this.#recorder.tick();
    await setTimeout(this.#random(5));
    for (const prefix of prefixes) await this.#query(draft, prefix, { transaction });
    await this.#read(draft, queried, { transaction });
    this.#note("read-only transaction", draft, { began, ended, time, isCommit: false });
  }

  async #plainRead(): Promise<void> {
    const began = this.#recorder.tick();
    const draft: Draft = { reads: new Map(), queries: [], writes: new Map() };
    const time = await this.#read(draft, [...documents, ...queried], {});
    this.#note("read", draft, { began, time, isCommit: false });
  }

  #write(draft: Draft, path: string): void {
    draft.writes.set(path, this.#recorder.value());
  }

  async #commit(draft: Draft, more: RawMessage = {}): Promise<Answer<"Commit">> {
    const writes = [...draft.writes].map(([path, n]) =>
      n === undefined
        ? { delete: this.#world.name(path) }
        : { update: { name: this.#world.name(path), fields: mapOf({ n }) } },
    );
    return await this.#call("Commit", { database: this.#world.database, writes, ...more });
  }

  async #read(draft: Draft, paths: readonly string[], more: RawMessage): Promise<Timestamp> {
    const { messages } = await this.#call("BatchGetDocuments", {
      database: this.#world.database,
      documents: paths.map((path) => this.#world.name(path)),
      ...more,
    });
    let time: Timestamp | undefined;
    for (const { found, missing, readTime } of messages) {
      const path = this.#world.pathOf(found?.name ?? missing ?? "");
      draft.reads.set(path, found && numberIn(found.fields));
      time = readTime ?? time;
    }
    if (!time) throw new Error("A read was not answered.");
    return time;
  }

  async #query(draft: Draft, prefix: string, more: RawMessage): Promise<Map<string, bigint>> {
    const { messages } = await this.#call("RunQuery", {
      parent: this.#world.name(),
      structuredQuery: { from: [{ collectionId: prefix.slice(0, -1) }] },
      ...more,
    });
    const found = new Map(
      messages.flatMap(({ document }) =>
        document ? [[this.#world.pathOf(document.name), numberIn(document.fields)] as const] : [],
      ),
    );
    draft.queries.push({ prefix, found });
    return found;
  }

  async #call<Name extends "Commit" | "BatchWrite" | "BatchGetDocuments" | "RunQuery">(
    method: Name,
    request: RawMessage,
  ): Promise<Answer<Name>> {
    const answer = await this.#world.callOn(this.#client, method, request);
    if (answer.status === "ABORTED") throw new AbortedError(answer.details);
    if (answer.status !== "OK") throw new Error(`${method}: ${answer.status} ${answer.details}`);
    return answer;
  }

  #note(
    name: string,
    draft: Draft,
    span: { began: number; ended?: number; time: Timestamp | undefined; isCommit: boolean },
  ): void {
    const { began, time, isCommit, ended = this.#recorder.tick() } = span;
    if (!time) throw new Error(`A ${name} has no time.`);
    const micros = microsOf(time);
    this.#recorder.events.push({
      name: `${name} ${began}`,
      time: micros,
      isCommit,
      began,
      ended,
      ...draft,
    });
  }
}

class AbortedError extends Error {
  override readonly name = "AbortedError";
}

function numberIn(fields: MapValue): bigint {
  const value = fields.get("n");
  if (typeof value !== "bigint") throw new Error("A document has lost its number.");
  return value;
}
