import { randomUUID } from "node:crypto";
import { openFirestore, type Firestore } from "@ctb-data/firestore";
import type { Keyring } from "@ctb-data/models";
import type { Registry } from "@ctb-data/registry";
import { compileIntakeDocuments } from "../src/documents/compile-intake-documents.ts";
import type { IntakeDocument, IntakeDocuments } from "../src/documents/intake-document.ts";
import { startTestFirestore } from "./middle-world.ts";

/** Fields as Firestore's REST has them; a reference may begin with `@/` for the database. */
export type RawFieldsOf = Readonly<Record<string, object>>;

/** The documents of a table, in an empty Firestore: those of the collection `intake`. */
export interface IntakeWorld extends AsyncDisposable {
  readonly firestore: Firestore;
  readonly documents: IntakeDocuments;
  /** Writes documents by their ids, whatever is there, and reads all. */
  put(given: Readonly<Record<string, RawFieldsOf>>): Promise<ReadonlyMap<string, IntakeDocument>>;
  /** The documents by their ids. */
  readAll(): Promise<ReadonlyMap<string, IntakeDocument>>;
  /** The raw lines of a collection by their paths. */
  linesOf(collection: string): Promise<ReadonlyMap<string, string>>;
}

interface IntakeWorldOptions {
  readonly registry: Registry;
  readonly table: string;
  readonly keyring?: Keyring;
}

interface RawDocument {
  readonly line: string;
  readonly updateTimeUs: number;
}

/** A raw line of a document. */
export function rawLineOf(database: string, path: string, fields: RawFieldsOf): string {
  const prefix = `${database}/documents/`;
  return JSON.stringify({ name: prefix + path, fields }).replaceAll('"@/', `"${prefix}`);
}

export async function openIntakeWorld(options: IntakeWorldOptions): Promise<IntakeWorld> {
  const { registry, table, keyring } = options;
  await using opening = new AsyncDisposableStack();
  const { address } = opening.use(await startTestFirestore());
  const firestore = opening.use(
    await openFirestore({
      registry,
      projectId: `intake-${randomUUID().slice(0, 18)}`,
      emulatorHost: address,
      ...(keyring && { keyring }),
    }),
  );
  const collection = "intake";
  const documents = compileIntakeDocuments({ registry, table, collection, firestore, keyring });
  const readAll = async (): Promise<ReadonlyMap<string, IntakeDocument>> => {
    const found = await rawDocuments(firestore, collection);
    return new Map(
      Array.from(found, ([path, { line, updateTimeUs }]) => [
        path.slice(collection.length + 1),
        documents.read(path, line, updateTimeUs),
      ]),
    );
  };
  const opened = opening.move();
  return {
    firestore,
    documents,
    put: async (given) => {
      const { raw } = firestore;
      const writes = Object.entries(given).map(([id, fields]) => ({
        op: "set" as const,
        line: rawLineOf(raw.database, `${collection}/${id}`, fields),
      }));
      await raw.write(writes, { ramp: false });
      return await readAll();
    },
    readAll,
    linesOf: async (name) => {
      const found = await rawDocuments(firestore, name);
      return new Map(Array.from(found, ([path, { line }]) => [path, line]));
    },
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  };
}

async function rawDocuments(
  { raw }: Firestore,
  collection: string,
): Promise<ReadonlyMap<string, RawDocument>> {
  const snapshot = await raw.snapshot();
  const found = new Map<string, RawDocument>();
  for (const range of await snapshot.ranges({ collection }))
    for await (const { bytes, lines } of snapshot.read(range)) {
      let start = 0;
      for (const { path, end, updateTimeUs } of lines) {
        found.set(path, { line: bytes.toString("utf8", start, end), updateTimeUs });
        start = end;
      }
    }
  return found;
}
