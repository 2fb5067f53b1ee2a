import { setTimeout } from "node:timers/promises";
import type { FirestoreTimestamp } from "@ctb-data/models";
import type { Registry } from "@ctb-data/registry";
import type { Timestamp } from "firebase-admin/firestore";
import type { ClientTarget } from "./client-settings.ts";
import { StoreCollections, type TransactionCollections } from "./data-access.ts";
import type { DeployedRules } from "./deployed.ts";
import { googleToken } from "./deployed/google-token.ts";
import { googleEndpoints, readDeployed } from "./deployed/read-deployed.ts";
import type { FirestoreContext } from "./firestore-context.ts";
import { FirestoreError } from "./firestore-error.ts";
import type { FirestoreTypes } from "./firestore-types.ts";
import type { Health, ReadTransactionOptions, TransactionOptions } from "./firestore.ts";
import { askTime, checkHealth } from "./health.ts";
import { checkPath } from "./id-fault.ts";
import { timerMs } from "./limits.ts";
import { LineInspector } from "./line-inspector.ts";
import { StoreDocument } from "./model-collection.ts";
import type { GetOptions } from "./query.ts";
import { OpenedRaw } from "./raw/opened-raw.ts";
import { RawCalls } from "./raw/raw-calls.ts";
import { CurrentReader, TimedReader } from "./reader.ts";
import { runTransaction } from "./transaction.ts";
import { validateDocuments } from "./validate-documents.ts";
import type { ValidateOptions, ValidationReport } from "./validation.ts";

/** @internal */
export class OpenedFirestore extends StoreCollections {
  readonly raw: OpenedRaw;
  readonly #target: ClientTarget;
  #closing: Promise<void> | undefined;

  constructor(context: FirestoreContext, target: ClientTarget) {
    super(context, new CurrentReader(context));
    this.#target = target;
    const database = `projects/${target.projectId}/databases/${target.databaseId}`;
    const calls = new RawCalls(context, { database, emulator: target.emulator !== undefined });
    this.raw = new OpenedRaw(calls, (time) => this.#timestamp(time));
  }

  get description(): string {
    return this.context.description;
  }

  get projectId(): string {
    return this.#target.projectId;
  }

  get databaseId(): string {
    return this.#target.databaseId;
  }

  get emulator(): boolean {
    return this.#target.emulator !== undefined;
  }

  get registry(): Registry {
    return this.context.registry;
  }

  get types(): FirestoreTypes {
    return this.context.types;
  }

  document(path: string): StoreDocument {
    checkPath(path);
    const ref = this.context.build(() => this.context.client.doc(path));
    return new StoreDocument(ref, this.unbound(), this.access);
  }

  async collections(options: GetOptions = {}): Promise<readonly string[]> {
    const { client } = this.context;
    const found = await this.context.run(async () => await client.listCollections(), options);
    return found.map(({ id }) => id);
  }

  at(readTime: FirestoreTimestamp | Date): StoreCollections {
    return new StoreCollections(
      this.context,
      new TimedReader(this.context, this.#timestamp(readTime)),
    );
  }

  async readTime(options: GetOptions = {}): Promise<FirestoreTimestamp> {
    return await askTime(this.context, options);
  }

  async transaction<T>(
    fn: (tx: TransactionCollections) => Promise<T>,
    options: TransactionOptions | ReadTransactionOptions = {},
  ): Promise<T> {
    if (!("readOnly" in options)) return await runTransaction(this.context, fn, options);
    const { readTime, signal } = options;
    return await runTransaction(this.context, fn, {
      readOnly: true,
      readTime: readTime && this.#timestamp(readTime),
      signal,
    });
  }

  async validate(options: ValidateOptions = {}): Promise<ValidationReport> {
    return await validateDocuments(this, options);
  }

  inspector(
    collection: string,
    { examples = 5 }: { readonly examples?: number } = {},
  ): LineInspector {
    return new LineInspector(this.context, collection, examples);
  }

  async deployed({
    timeoutMs = this.context.timeoutMs,
    signal,
  }: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {}): Promise<
    DeployedRules | undefined
  > {
    const { projectId, databaseId, emulator, account } = this.#target;
    if (emulator !== undefined) return undefined;
    const end = new AbortController();
    try {
      const work = async (): Promise<DeployedRules> =>
        await readDeployed({
          projectId,
          databaseId,
          accessToken: googleToken(account, projectId),
          signal: end.signal,
          endpoints: googleEndpoints,
        });
      return await this.context.run(work, { timeoutMs, ...(signal && { signal }) });
    } finally {
      // What nobody waits for any more is not asked for any more.
      end.abort();
    }
  }

  async health(
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<Health> {
    return await checkHealth(this.context, this.#target, options);
  }

  async close({ graceMs = 5000 }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(graceMs: number): Promise<void> {
    const { context } = this;
    context.closed = true;
    const thrown = endAll(context.running);
    const grace = new AbortController();
    const limit = setTimeout(timerMs(graceMs), undefined, { signal: grace.signal });
    try {
      // What does not end in time is closed in the background, as soon as it does.
      await Promise.race([this.#end(), limit]);
    } finally {
      grace.abort();
      await limit.catch(() => {});
    }
    if (thrown !== undefined) throw thrown.error;
  }

  async #end(): Promise<void> {
    const { context } = this;
    // Bulk writes take a moment to end, and the SDK does not close while one is there.
    while (context.running.size > 0) await setTimeout(5);
    await context.settled();
    await context.client.terminate();
  }

  #timestamp(time: FirestoreTimestamp | Date): Timestamp {
    const { Timestamp: Time } = this.context.sdk;
    try {
      return time instanceof Date ? Time.fromDate(time) : new Time(time.seconds, time.nanoseconds);
    } catch (error) {
      throw new FirestoreError("INVALID_OPTIONS", "The readTime is not a time.", { cause: error });
    }
  }
}

/** Ends all of them, and gives what the first threw that did. */
function endAll(running: Iterable<() => void>): { readonly error: unknown } | undefined {
  let thrown: { readonly error: unknown } | undefined;
  for (const end of running) {
    try {
      end();
    } catch (error) {
      thrown ??= { error };
    }
  }
  return thrown;
}
