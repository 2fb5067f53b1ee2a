import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { arbitraryQueryWorld, type QueryMessage } from "../../testing/arbitrary-query.ts";
import { OfficialEmulator } from "../../testing/official-emulator.ts";
import { nameOf } from "../name/resource-name.ts";
import type { DocumentMessage } from "../protocol/document-codec.ts";
import type { RunQueryResponse } from "../protocol/messages.ts";
import { RpcError } from "../rpc-error.ts";
import { Clock } from "../store/clock.ts";
import { Database } from "../store/database.ts";
import type { MapValue } from "../value/value.ts";
import { parseQuery } from "./parse-query.ts";
import { runQuery } from "./run-query.ts";

const address = process.env["FIRESTORE_EMULATOR_HOST"];
const numRuns = process.env["SLOW"] === "1" ? 1000 : 50;
const project = `query-${process.pid}`;
const name = `projects/${project}/databases/(default)`;

/** What both answer with, in a form that can be compared. */
interface Answer {
  readonly error: string;
  readonly documents: readonly (readonly [string, MapValue])[];
}

function answerHere(database: Database, { parent, query }: QueryMessage): Answer {
  try {
    const parsed = parseQuery(name, nameOf(name, parent), query);
    const { documents, fields } = runQuery(database, parsed);
    return {
      error: "",
      documents: documents.map((document) => [document.path, fields(document)]),
    };
  } catch (error) {
    if (error instanceof RpcError)
      return { error: `${error.code} ${error.message}`, documents: [] };
    throw error;
  }
}

async function answerThere(official: OfficialEmulator, message: QueryMessage): Promise<Answer> {
  const { messages, code, details } = await official.query(message.parent, message.query);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- The codec made them of that type.
  const responses = messages as unknown as readonly RunQueryResponse[];
  return {
    error: code === 0 ? "" : `${code} ${details}`,
    documents: responses.flatMap(({ document }) => (document ? [entryOf(document)] : [])),
  };
}

function entryOf({ name: full, fields }: DocumentMessage): readonly [string, MapValue] {
  return [full.slice(`${name}/documents/`.length), fields];
}

/** What the emulator refuses and the service does not. */
function isRefusedOnlyThere({ error }: Answer): boolean {
  return error === "9 Firestore does not support descending key scans";
}

function databaseOf(documents: ReadonlyMap<string, MapValue>): Database {
  const database = new Database(name, new Clock());
  const time = database.clock.commitTime();
  database.apply(
    time,
    [...documents].map(([path, fields]) => ({
      path,
      document: { path, fields, createTime: time, updateTime: time },
    })),
  );
  return database;
}

describe.skipIf(address === undefined)("compared with the official emulator", () => {
  const official = new OfficialEmulator(address ?? "", name);
  afterAll(() => official.close());

  test(
    "a query has the same results, or is refused with the same text",
    { timeout: 3_600_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(arbitraryQueryWorld(name), async ({ documents, queries }) => {
          const database = databaseOf(documents);
          await official.write(documents);
          try {
            for (const message of queries) {
              const there = await answerThere(official, message);
              if (isRefusedOnlyThere(there)) continue;
              expect(answerHere(database, message)).toEqual(there);
            }
          } finally {
            await official.clear(documents.keys());
          }
        }),
        { numRuns },
      );
    },
  );
});
