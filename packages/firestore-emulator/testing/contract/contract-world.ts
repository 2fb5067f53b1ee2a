import { test } from "vitest";
import { nameOf } from "../../src/name/resource-name.ts";
import type { DocumentMessage } from "../../src/protocol/document-codec.ts";
import { statusCodes } from "../../src/rpc-error.ts";
import type { MethodName, Methods } from "../../src/server/rpc.ts";
import type { MapValue, Value } from "../../src/value/value.ts";
import { RawClient, type RawMessage } from "../raw-client.ts";

/** What one call of a method came to. */
export interface Answer<Name extends MethodName> {
  readonly messages: readonly Methods[Name][1][];
  /** Such as `NOT_FOUND`. */
  readonly status: string;
  readonly details: string;
}

export type Fields = Readonly<Record<string, Value>>;

/** A server that the contract is checked on. */
export interface ContractServer {
  readonly address: string;
  readonly isOfficial: boolean;
}

let worlds = 0;

/** A database of one test's own, on a server that others use too. */
export class ContractWorld {
  readonly server: ContractServer;
  readonly project: string;
  readonly database: string;
  readonly client: RawClient;

  constructor(server: ContractServer) {
    worlds += 1;
    this.server = server;
    this.project = `contract-${process.pid}-${worlds}`;
    this.database = `projects/${this.project}/databases/(default)`;
    this.client = new RawClient(server.address);
  }

  /** The full name of a path; of the root without one. */
  name(path = ""): string {
    return nameOf(this.database, path);
  }

  async call<Name extends MethodName>(method: Name, request: RawMessage): Promise<Answer<Name>> {
    return await this.callOn(this.client, method, request);
  }

  /** The same by another connection. */
  async callOn<Name extends MethodName>(
    client: RawClient,
    method: Name,
    request: RawMessage,
  ): Promise<Answer<Name>> {
    const { messages, code, details } = await client.call(method, request);
    return {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the codec of the method made them.
      messages: messages as unknown as readonly Methods[Name][1][],
      status: statusName(code),
      details,
    };
  }

  /** A commit of writes as the protocol has them. */
  async commit(writes: readonly RawMessage[], more: RawMessage = {}): Promise<Answer<"Commit">> {
    return await this.call("Commit", { database: this.database, writes, ...more });
  }

  /** A commit that puts one document in its place. */
  async set(path: string, fields: Fields, more: RawMessage = {}): Promise<Answer<"Commit">> {
    return await this.commit([{ update: this.document(path, fields), ...more }]);
  }

  async get(path: string, more: RawMessage = {}): Promise<DocumentMessage | undefined> {
    const { messages } = await this.call("GetDocument", { name: this.name(path), ...more });
    return messages[0];
  }

  async fields(path: string, more: RawMessage = {}): Promise<MapValue | undefined> {
    return (await this.get(path, more))?.fields;
  }

  document(path: string, fields: Fields): RawMessage {
    return { name: this.name(path), fields: mapOf(fields) };
  }

  async begin(options?: RawMessage): Promise<Uint8Array> {
    const request = { database: this.database, ...(options && { options }) };
    const { messages, details } = await this.call("BeginTransaction", request);
    const [message] = messages;
    if (!message) throw new Error(`There is no transaction: ${details}`);
    return message.transaction;
  }

  /** The paths of what a query gives, or the status it is refused with. */
  async query(structuredQuery: RawMessage, more: RawMessage = {}): Promise<readonly string[]> {
    const request = { parent: this.name(), structuredQuery, ...more };
    const { messages, status } = await this.call("RunQuery", request);
    if (status !== "OK") return [status];
    return messages.flatMap(({ document }) => (document ? [this.pathOf(document.name)] : []));
  }

  pathOf(name: string): string {
    return name.slice(this.name().length + 1);
  }
}

export function mapOf(fields: Fields): MapValue {
  return new Map(Object.entries(fields));
}

function statusName(code: number): string {
  return Object.entries(statusCodes).find(([, number]) => number === code)?.[0] ?? String(code);
}

/** A test of the contract; a difference of the official emulator that is known is said and not tested there. */
export type ContractTest = (
  title: string,
  check: (world: ContractWorld) => Promise<void>,
  options?: { readonly differs: string },
) => void;

/** Declares tests on one server. @param server is asked for when they run. */
export function contractTests(isOfficial: boolean, server: () => ContractServer): ContractTest {
  return (title, check, options) => {
    const isLeftOut = isOfficial && options !== undefined;
    const full = isLeftOut ? `${title} (differs: ${options.differs})` : title;
    // oxlint-disable-next-line vitest/valid-title, vitest/expect-expect -- `check` has them.
    test.skipIf(isLeftOut)(full, async () => {
      const world = new ContractWorld(server());
      try {
        await check(world);
      } finally {
        world.client.close();
      }
    });
  };
}
