import { setTimeout } from "node:timers/promises";
import type { RawRange, RawSnapshot } from "@ctb-data/firestore";
import type { FirestoreTimestamp } from "@ctb-data/models";
import type { Connection, Queryable } from "@ctb-data/postgres";
import { IntegrityError } from "../integrity-error.ts";
import type { OnIntegrityProgress } from "../progress.ts";
import type { WorkOptions } from "../work-options.ts";
import {
  collectionScanOf,
  wantedCollections,
  type CollectionScan,
  type LiveRows,
} from "./collection-scan.ts";
import type { DocumentCase } from "./document-case.ts";
import type { DocumentStores } from "./document-stores.ts";
import type { DocumentProblem } from "./document-subject.ts";
import { readLiveColumns } from "./live-columns.ts";
import { recheckPairs } from "./recheck-pairs.ts";
import { ReferenceFollower } from "./reference-follower.ts";
import { scanRange } from "./scan-range.ts";
import type { ScanWindow } from "./scan-window.ts";

export interface DocumentScanOptions extends WorkOptions {
  /** Only the documents of these tables. Default: all that the registry knows. */
  readonly tables?: readonly string[] | undefined;
  /** Only these collections. */
  readonly collections?: readonly string[] | undefined;
  /** How many ranges are read side by side. Default 4. */
  readonly connections?: number | undefined;
  /**
   * What is wrong between a document and its row must still be so this long after documents were read: who writes to one store and
   * then to the other gets this much time between. Default 1,000 milliseconds.
   */
  readonly settleMs?: number | undefined;
  /** Called with documents and rows with which something is wrong, each once. It holds back what comes next. */
  readonly onCases: (cases: readonly FoundCase[], scan: CollectionScan) => void | Promise<void>;
}

/** Something is wrong with it. */
export interface FoundCase extends DocumentCase {
  /** Somebody has changed the document since it was read, so that it is not as `document` says any more. */
  readonly isChanged: boolean;
}

/** What was looked at. */
export interface DocumentScanSummary {
  readonly readTime: FirestoreTimestamp;
  readonly documents: number;
  /** Root collections that the registry does not know. Empty when only some tables were asked for. */
  readonly unknownCollections: readonly string[];
  readonly notChecked: readonly string[];
}

/**
 * Reads documents at one moment, and the rows that belong to them, and gives those with which something is wrong.
 *
 * @throws {FirestoreError} @throws {PostgresError} @throws {IntegrityError} CANCELLED
 */
export async function scanDocuments(
  stores: DocumentStores,
  options: DocumentScanOptions,
): Promise<DocumentScanSummary> {
  const scanning = new DocumentScanning(stores, options);
  return await scanning.run();
}

interface Task {
  readonly scan: CollectionScan;
  readonly follower: ReferenceFollower;
  readonly range: RawRange;
  readonly snapshot: RawSnapshot;
}

class DocumentScanning {
  readonly #stores: DocumentStores;
  readonly #options: DocumentScanOptions;
  readonly #notChecked: string[] = [];
  #documents = 0;
  #settled: Promise<void> | undefined;
  #settlesAt = 0;

  constructor(stores: DocumentStores, options: DocumentScanOptions) {
    this.#stores = stores;
    this.#options = options;
  }

  async run(): Promise<DocumentScanSummary> {
    const { firestore, registry, rows } = this.#stores;
    const { signal, tables, collections } = this.#options;
    const live =
      rows &&
      (await rows.sessions.use(
        async (connection) => await readLiveRows(connection, registry.schema),
      ));
    // Behind the rows' snapshot: a document that was written with a row is not missed for having been read before it.
    const snapshot = await firestore.raw.snapshot({ signal });
    this.#settlesAt = Date.now() + (this.#options.settleMs ?? 1000);
    const isWhole = tables === undefined && collections === undefined;
    const unknownCollections = isWhole ? await this.#unknownCollections(snapshot) : [];
    if (live === undefined)
      this.#notChecked.push("Documents were not compared with rows: there is no PostgreSQL.");
    for (const wanted of wantedCollections(registry, tables)) {
      if (collections?.includes(wanted.collection) === false) continue;
      const scan = collectionScanOf(wanted, this.#stores, live);
      this.#notChecked.push(...scan.notChecked);
      await this.#scanCollection(scan, snapshot);
    }
    const notChecked = this.#notChecked;
    return {
      readTime: snapshot.readTime,
      documents: this.#documents,
      unknownCollections,
      notChecked,
    };
  }

  async #unknownCollections(snapshot: RawSnapshot): Promise<readonly string[]> {
    const { registry } = this.#stores;
    const { signal } = this.#options;
    const known = new Set(
      wantedCollections(registry, undefined).map(({ collection }) => collection),
    );
    return (await snapshot.collections({ signal })).filter((id) => !known.has(id));
  }

  async #scanCollection(scan: CollectionScan, snapshot: RawSnapshot): Promise<void> {
    const { signal, connections = 4, onProgress } = this.#options;
    const { collection, table } = scan.judge;
    onProgress?.({ kind: "step", step: "documents", detail: collection });
    const follower = new ReferenceFollower({
      collection,
      table,
      plans: scan.references,
      snapshot,
    });
    const wanted = Math.max(
      1,
      Math.min(connections, this.#stores.rows?.sessions.size ?? connections),
    );
    const found = await snapshot.ranges({ group: collection, wanted, signal });
    const tasks = splitAtRoot(found, collection).map((range) => ({
      scan,
      follower,
      range,
      snapshot,
    }));
    await inParallel(tasks, wanted, async (task) => await this.#scanTask(task));
  }

  async #scanTask(task: Task): Promise<void> {
    const { rows } = this.#stores;
    if (rows === undefined) return await this.#scanWith(task, undefined);
    await rows.sessions.use(async (connection) => await this.#scanWith(task, connection));
  }

  async #scanWith(task: Task, connection: Connection | undefined): Promise<void> {
    const { scan, snapshot, range } = task;
    const { signal, onProgress } = this.#options;
    const { judge } = scan;
    let unsettled = 0;
    await scanRange({
      judge,
      snapshot,
      range,
      connection: judge.rows === undefined ? undefined : connection,
      onDocuments: (items) => {
        this.#documents += items;
        tell(onProgress, "firestore", judge.collection, items);
      },
      onRows: (items) => tell(onProgress, "postgres", judge.table?.name ?? "", items),
      onWindow: async (window) => {
        if (signal?.aborted === true) throw cancelled(signal);
        unsettled += await this.#settleWindow(task, window, connection);
      },
      signal,
    });
    if (unsettled > 0) this.#notChecked.push(neverSettled(unsettled, judge.collection));
  }

  /** Gives how many could not be told. */
  async #settleWindow(
    { scan, follower }: Task,
    window: ScanWindow,
    connection: Connection | undefined,
  ): Promise<number> {
    const { firestore, rows } = this.#stores;
    const { signal, onCases } = this.#options;
    const sessions: readonly Queryable[] =
      connection === undefined || rows === undefined ? [] : [rows.now, byIndex(connection)];
    const { database } = firestore.raw;
    const dangling = await follower.follow(window.documents, { rows: sessions, database }, signal);
    const suspicious = window.cases.filter(({ problems }) => problems.some(isOfPair));
    const again = await this.#lookAgain(suspicious, scan);
    const found = window.cases.flatMap((first): readonly FoundCase[] => {
      const second = again.cases.get(first.path);
      const problems = [
        ...first.problems.filter((problem) => !isOfPair(problem)),
        ...(dangling.get(first.path) ?? []),
        ...(second?.problems ?? []),
      ];
      if (problems.length === 0) return [];
      const isChanged =
        second !== undefined && second.document?.updateTimeUs !== first.document?.updateTimeUs;
      return [
        { ...first, row: second === undefined ? first.row : second.row, problems, isChanged },
      ];
    });
    if (found.length > 0) await onCases(found, scan);
    return again.unsettled;
  }

  async #lookAgain(
    suspicious: readonly DocumentCase[],
    { judge }: CollectionScan,
  ): Promise<{ readonly cases: ReadonlyMap<string, DocumentCase>; readonly unsettled: number }> {
    const { firestore, rows } = this.#stores;
    if (suspicious.length === 0 || rows === undefined) return { cases: new Map(), unsettled: 0 };
    const { signal } = this.#options;
    this.#settled ??= this.#settle();
    await this.#settled;
    const { cases, unsettled } = await recheckPairs(suspicious, {
      judge,
      firestore,
      rows: rows.now,
      signal,
    });
    return { cases: new Map(cases.map((found) => [found.path, found])), unsettled };
  }

  async #settle(): Promise<void> {
    const { signal } = this.#options;
    const left = this.#settlesAt - Date.now();
    if (left <= 0) return;
    try {
      await setTimeout(left, undefined, signal && { signal });
    } catch {
      throw cancelled(signal);
    }
  }
}

/** What the live database has. @throws {PostgresError} */
export async function readLiveRows(connection: Connection, schema: string): Promise<LiveRows> {
  const columns = await readLiveColumns(connection, schema);
  const { rows } = await connection.query<{ readonly encoding: string }>(
    "SELECT pg_catalog.current_setting('server_encoding') AS encoding",
  );
  return { columns, encoding: rows[0]?.encoding ?? "" };
}

function neverSettled(count: number, collection: string): string {
  return count === 1
    ? `1 document of ${collection} was not compared with its row: it was changed each time that it was looked at.`
    : `${count} documents of ${collection} were not compared with their rows: they were changed each time that they were looked at.`;
}

/** Sessions of snapshots are told not to trust indexes. Those few keys that are not there now are not worth reading a whole table. */
function byIndex(connection: Connection): Queryable {
  return {
    query: async (sql, params, options) => {
      await connection.query(
        "SAVEPOINT ctb_keys; SET LOCAL enable_indexscan = on; SET LOCAL enable_bitmapscan = on",
      );
      const result = await connection.query<never>(sql, params, options);
      await connection.query("ROLLBACK TO SAVEPOINT ctb_keys; RELEASE SAVEPOINT ctb_keys");
      return result;
    },
  };
}

const pairKinds = new Set(["document_without_row", "row_without_document", "different_field"]);

const isOfPair = ({ subject }: DocumentProblem): boolean => pairKinds.has(subject.kind);

/** Ranges that end at documents of the root's collection, by whose ids rows can be split, too. */
function splitAtRoot(ranges: readonly RawRange[], collection: string): readonly RawRange[] {
  const isBound = (path: string | undefined): path is string => {
    const [id, name, ...below] = path?.split("/") ?? [];
    return (
      id === collection && below.length === 0 && name !== undefined && !name.startsWith("__id")
    );
  };
  const bounds = ranges.map(({ end }) => end).filter(isBound);
  return [...bounds, undefined].map((end, index) => ({
    group: collection,
    start: index === 0 ? undefined : bounds[index - 1],
    end,
  }));
}

async function inParallel<Item>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const item of waiting) {
      if (failures.length > 0) return;
      await work(item).catch((error: unknown) => void failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
}

function tell(
  onProgress: OnIntegrityProgress | undefined,
  store: "postgres" | "firestore",
  name: string,
  items: number,
): void {
  if (items > 0) onProgress?.({ kind: "count", store, name, items });
}

function cancelled(signal: AbortSignal | undefined): IntegrityError {
  return new IntegrityError("CANCELLED", "The work on documents was cancelled.", {
    cause: signal?.reason,
  });
}
