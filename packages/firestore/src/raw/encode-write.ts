import { FirestoreError } from "../firestore-error.ts";
import type { RawWrite } from "../raw.ts";
import type { WriteCondition } from "../write-condition.ts";
import { DocumentJson } from "./document-json.ts";
import { DocumentMessage, LineError, type NameMove } from "./document-message.ts";
import { JsonOutput } from "./json-output.ts";
import { WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

const tags = { update: 10, delete: 18, condition: 34 } as const;
/** The tag of a condition. */
const mustExist = 8;

/** What a message of a write says. */
export interface DescribedWrite {
  readonly op: RawWrite["op"];
  /** Below the database. */
  readonly path: string;
  /** The document; undefined of a delete. */
  readonly line: Buffer | undefined;
}

/** Makes messages of writes. */
export class WriteEncoder {
  readonly #prefix: string;
  readonly #writer = new WireWriter(64 * 1024);
  readonly #document: DocumentMessage;

  /**
   * @param database `projects/p/databases/d`
   * @param from the database that the lines are from.
   */
  constructor(database: string, from: string | undefined) {
    this.#prefix = `${database}/documents/`;
    const move: NameMove | undefined =
      from === undefined || from === database
        ? undefined
        : { from: `${from}/documents/`, to: this.#prefix };
    this.#document = new DocumentMessage(this.#writer, move);
  }

  get movedReferences(): number {
    return this.#document.movedReferences;
  }

  /**
   * The message of a write, good until the next one is asked for.
   *
   * @throws {FirestoreError} INVALID_VALUE for a line that is no document of the database.
   */
  encode(write: RawWrite): Buffer {
    const writer = this.#writer;
    writer.clear();
    if (write.op === "delete") {
      writer.text(tags.delete, this.#prefix + write.path);
      this.#condition(write.lastUpdateTime);
      return writer.view();
    }
    const document = parse(write.line);
    const path = this.#pathOf(document);
    try {
      writer.message(tags.update, () => this.#document.write(document));
    } catch (error) {
      throw asInvalid(error, path);
    }
    if (write.op === "create") writer.message(tags.condition, () => writer.varint(mustExist, 0));
    else this.#condition(write.lastUpdateTime);
    return writer.view();
  }

  #condition(time: WriteCondition["lastUpdateTime"]): void {
    if (time === undefined) return;
    const writer = this.#writer;
    writer.message(tags.condition, () =>
      writer.message(18, () => writer.integer(8, time.seconds).varint(16, time.nanoseconds)),
    );
  }

  /** What a message of this encoder says. */
  describe(message: Buffer): DescribedWrite {
    const reader = new WireReader();
    reader.bytes = message;
    if (reader.varint() === tags.delete)
      return { op: "delete", path: reader.text().slice(this.#prefix.length), line: undefined };
    const end = reader.end();
    const start = reader.at;
    const output = new JsonOutput(message.length * 2);
    const { name } = new DocumentJson(output).add(message, start, end);
    const path = name.slice(this.#prefix.length);
    return { op: isCreate(reader, end) ? "create" : "set", path, line: output.take(0) };
  }

  #pathOf(document: unknown): string {
    let name: string;
    try {
      name = this.#document.nameOf(document);
    } catch (error) {
      throw asInvalid(error, undefined);
    }
    if (name.startsWith(this.#prefix)) return name.slice(this.#prefix.length);
    throw new FirestoreError("INVALID_VALUE", "A line is of another database.", {
      path: name,
      hint: "Say in `from` which database the lines are from.",
    });
  }
}

/** Whether the condition behind a document is that there is none yet. */
function isCreate(reader: WireReader, at: number): boolean {
  if (at >= reader.bytes.length) return false;
  reader.at = at;
  reader.varint();
  reader.varint();
  return reader.varint() === mustExist;
}

function parse(line: Uint8Array | string): unknown {
  const text =
    typeof line === "string"
      ? line
      : Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    // What the parser says shows some of the text.
    throw new FirestoreError("INVALID_VALUE", "A line is not JSON.");
  }
}

function asInvalid(error: unknown, path: string | undefined): unknown {
  if (!(error instanceof LineError)) return error;
  return new FirestoreError("INVALID_VALUE", error.message, { path });
}
