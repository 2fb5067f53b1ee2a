import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryCommits, writeIn } from "../../testing/arbitrary-commit.ts";
import { ContractWorld } from "../../testing/contract/contract-world.ts";
import { RawClient, type RawMessage } from "../../testing/raw-client.ts";
import { startFirestoreEmulator } from "../index.ts";
import type { WriteResult } from "../protocol/messages.ts";

const address = process.env["FIRESTORE_EMULATOR_HOST"];
const numRuns = process.env["SLOW"] === "1" ? 2000 : 100;

/** What both must agree on: times are of each server's own, but whether they change is not. */
interface Outcome {
  readonly statuses: readonly (string | number)[];
  readonly transformResults: readonly unknown[];
  readonly documents: readonly unknown[];
}

/** One server, and the times that it has told before. */
class Side {
  readonly world: ContractWorld;
  readonly #times = new Map<string, string>();

  constructor(server: string, isOfficial: boolean) {
    this.world = new ContractWorld({ address: server, isOfficial });
  }

  async write(method: "Commit" | "BatchWrite", writes: readonly RawMessage[]): Promise<Outcome> {
    const request = { database: this.world.database, writes };
    const { status, results, statuses } =
      method === "Commit" ? await this.#commit(request) : await this.#batchWrite(request);
    return {
      statuses: [status, ...statuses],
      transformResults: results.map(({ transformResults }) => transformResults ?? []),
      documents: await this.#documents(),
    };
  }

  async #commit(request: RawMessage) {
    const { status, messages } = await this.world.call("Commit", request);
    const results: readonly WriteResult[] = messages[0]?.writeResults ?? [];
    return { status, results, statuses: [] };
  }

  async #batchWrite(request: RawMessage) {
    const { status, messages } = await this.world.call("BatchWrite", request);
    return {
      status,
      results: messages[0]?.writeResults ?? [],
      statuses: (messages[0]?.status ?? []).map(({ code }) => code),
    };
  }

  /** All documents, and whether each was created or changed since the last time. */
  async #documents(): Promise<readonly unknown[]> {
    const { messages } = await this.world.call("RunQuery", {
      parent: this.world.name(),
      structuredQuery: { from: [{ allDescendants: true }] },
    });
    return messages.flatMap(({ document }) => {
      if (!document) return [];
      const path = this.world.pathOf(document.name);
      const isNew = this.#isNew(`created ${path}`, document.createTime);
      return [[path, document.fields, isNew, this.#isNew(`changed ${path}`, document.updateTime)]];
    });
  }

  #isNew(key: string, time: unknown): boolean {
    const text = JSON.stringify(time);
    const isNew = this.#times.get(key) !== text;
    this.#times.set(key, text);
    return isNew;
  }

  close(): void {
    this.world.client.close();
  }
}

describe.skipIf(address === undefined)("compared with the official emulator", () => {
  test(
    "writes have the same status and results, and leave the same documents",
    { timeout: 3_600_000 },
    async () => {
      await using emulator = await startFirestoreEmulator({ port: 0 });
      // The first connection takes long.
      const first = new RawClient(address ?? "");
      await first.call("Commit", { database: "projects/p/databases/d", writes: [] });
      first.close();
      await fc.assert(
        fc.asyncProperty(arbitraryCommits, async (commits) => {
          const here = new Side(emulator.address, false);
          const there = new Side(address ?? "", true);
          try {
            for (const { method, writes } of commits) {
              const expected = await there.write(
                method,
                writes.map((write) => writeIn(there.world, write)),
              );
              const outcome = await here.write(
                method,
                writes.map((write) => writeIn(here.world, write)),
              );
              expect(outcome).toEqual(expected);
            }
          } finally {
            here.close();
            there.close();
          }
        }),
        { numRuns },
      );
    },
  );
});
