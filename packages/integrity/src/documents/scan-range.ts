import { compareDocumentPaths, type RawRange, type RawSnapshot } from "@ctb-data/firestore";
import type { Connection } from "@ctb-data/postgres";
import type { CollectionJudge } from "./collection-judge.ts";
import type { ScannedDocument } from "./document-case.ts";
import { idFaultOf } from "./document-id.ts";
import { linesOf } from "./document-lines.ts";
import { RowStream } from "./row-stream.ts";
import { ScanWindow } from "./scan-window.ts";

/** A range of the documents of one collection, and the rows that belong to them. */
export interface RangeScan {
  readonly judge: CollectionJudge;
  readonly snapshot: RawSnapshot;
  readonly range: RawRange;
  /** A session of the rows' snapshot. Undefined when there are no rows to compare with. */
  readonly connection: Connection | undefined;
  readonly onDocuments: (documents: number) => void;
  readonly onRows: (rows: number) => void;
  /** Called with one window after the other. */
  readonly onWindow: (window: ScanWindow) => Promise<void>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads a range of documents and the rows of the same keys side by side, both once and in the order of their names.
 *
 * @throws {FirestoreError} @throws {PostgresError}
 */
export async function scanRange(scan: RangeScan): Promise<void> {
  await new RangeMerge(scan).run();
}

class RangeMerge {
  readonly #scan: RangeScan;
  #rows: RowStream | undefined;
  #window: ScanWindow;
  /** The id of the document before, for rows that are there twice. */
  #last: string | undefined;

  constructor(scan: RangeScan) {
    this.#scan = scan;
    this.#window = new ScanWindow(scan.judge);
  }

  async run(): Promise<void> {
    const { judge, snapshot, range, connection, signal, onRows, onDocuments } = this.#scan;
    const source = judge.rows?.source;
    if (connection !== undefined && source !== undefined) {
      const bounds = { start: idOf(range.start), end: idOf(range.end), onRows };
      this.#rows = await RowStream.open(connection, source, bounds);
    }
    for await (const batch of snapshot.read(range, { signal })) {
      onDocuments(batch.lines.length);
      for (const read of linesOf(batch)) await this.#take(judge.read(read));
    }
    while (this.#rows?.current !== undefined) await this.#takeRow();
    await this.#flush();
  }

  async #take(document: ScannedDocument): Promise<void> {
    const rows = this.#rows;
    // Documents of collections below others have no rows.
    const isPaired = rows !== undefined && document.path.split("/").length === 2;
    if (!isPaired) {
      this.#window.addDocument(document, undefined, false);
      return await this.#flushFull();
    }
    while (rows.current !== undefined && isBefore(rows.current.id, document.id))
      await this.#takeRow();
    const row = rows.current?.id === document.id ? rows.current : undefined;
    this.#last = document.id;
    this.#window.addDocument(document, row, true);
    if (row !== undefined) await rows.advance();
    await this.#flushFull();
  }

  /** A row that has no document, as far as has been read. */
  async #takeRow(): Promise<void> {
    const row = this.#rows?.current;
    if (row === undefined) return;
    // Of rows with one key, the first is the document's; that there are more is found among the keys.
    if (row.id !== this.#last) this.#window.addRow(row);
    this.#last = row.id;
    await this.#rows?.advance();
    await this.#flushFull();
  }

  async #flushFull(): Promise<void> {
    if (this.#window.isFull) await this.#flush();
  }

  async #flush(): Promise<void> {
    const window = this.#window;
    this.#window = new ScanWindow(this.#scan.judge);
    if (window.cases.length > 0) await this.#scan.onWindow(window);
  }
}

/** Keys that no document can have stand where their bytes are; they are before any document that comes next. */
function isBefore(id: string, documentId: string): boolean {
  return idFaultOf(id) !== undefined || compareDocumentPaths(id, documentId) < 0;
}

/** The id of a document of the root's collection. */
function idOf(path: string | undefined): string | undefined {
  return path?.split("/")[1];
}
