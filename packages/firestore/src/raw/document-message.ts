import { timeOfText } from "./time-text.ts";
import type { WireWriter } from "./wire-writer.ts";

/** What stands in a line where a document should. */
export class LineError extends Error {
  override readonly name = "LineError";
}

/** Where names are moved: each ends with `/documents/`. */
export interface NameMove {
  readonly from: string;
  readonly to: string;
}

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Writes documents of JSON lines as the messages that they were, to the last bit. Names and references of one database
 * become those of another; references to any third are left alone.
 */
export class DocumentMessage {
  readonly #writer: WireWriter;
  readonly #move: NameMove | undefined;
  #moved = 0;

  constructor(writer: WireWriter, move: NameMove | undefined) {
    this.#writer = writer;
    this.#move = move;
  }

  /** How many references were moved so far. */
  get movedReferences(): number {
    return this.#moved;
  }

  /** The name that the document will have. @throws {LineError} */
  nameOf(document: unknown): string {
    if (!isObject(document) || typeof document["name"] !== "string")
      throw new LineError("The line is not a document: it has no name.");
    return this.#movedName(document["name"]);
  }

  /** Writes name and fields. Its times are the server's, and left out. @throws {LineError} */
  write(document: unknown): void {
    this.#writer.text(10, this.nameOf(document));
    if (!isObject(document)) return;
    const { fields } = document;
    if (fields !== undefined) this.#entries(18, fields);
  }

  #entries(tag: number, fields: unknown): void {
    if (!isObject(fields)) throw new LineError("The fields of a map are not an object.");
    const writer = this.#writer;
    for (const [key, value] of Object.entries(fields)) {
      writer.message(tag, () => {
        writer.text(10, key);
        writer.message(18, () => this.#value(value));
      });
    }
  }

  #value(value: unknown): void {
    if (!isObject(value)) throw new LineError("A value is not an object.");
    const [entry, ...more] = Object.entries(value);
    if (entry === undefined || more.length > 0) throw new LineError("A value has not one type.");
    const [type, content] = entry;
    const writer = this.#writer;
    switch (type) {
      case "stringValue":
        writer.text(138, textOf(type, content));
        break;
      case "integerValue":
        writer.int64(16, integerOf(content));
        break;
      case "doubleValue":
        writer.double(25, doubleOf(content));
        break;
      case "booleanValue":
        if (typeof content !== "boolean") throw wrong(type);
        writer.varint(8, content ? 1 : 0);
        break;
      case "nullValue":
        writer.varint(88, 0);
        break;
      case "bytesValue":
        writer.bytes(146, Buffer.from(textOf(type, content), "base64"));
        break;
      case "referenceValue":
        writer.text(42, this.#movedReference(textOf(type, content)));
        break;
      case "timestampValue":
        this.#time(textOf(type, content));
        break;
      default:
        this.#composite(type, content);
    }
  }

  #composite(type: string, content: unknown): void {
    const writer = this.#writer;
    if (!isObject(content)) throw wrong(type);
    switch (type) {
      case "mapValue":
        writer.message(50, () => {
          if (content["fields"] !== undefined) this.#entries(10, content["fields"]);
        });
        break;
      case "arrayValue":
        writer.message(74, () => {
          const { values = [] } = content;
          if (!Array.isArray(values)) throw wrong(type);
          for (const value of values) writer.message(10, () => this.#value(value));
        });
        break;
      case "geoPointValue":
        writer.message(66, () => {
          writer.double(9, doubleOf(content["latitude"] ?? 0));
          writer.double(17, doubleOf(content["longitude"] ?? 0));
        });
        break;
      default:
        throw new LineError(`There is no type ${JSON.stringify(type)}.`);
    }
  }

  #time(text: string): void {
    const time = timeOfText(text);
    if (time === undefined) throw wrong("timestampValue");
    this.#writer.message(82, () => {
      this.#writer.integer(8, time.seconds).varint(16, time.nanos);
    });
  }

  #movedReference(name: string): string {
    const moved = this.#movedName(name);
    if (moved !== name) this.#moved += 1;
    return moved;
  }

  #movedName(name: string): string {
    const move = this.#move;
    if (move === undefined || !name.startsWith(move.from)) return name;
    return move.to + name.slice(move.from.length);
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(type: string, content: unknown): string {
  if (typeof content === "string") return content;
  throw wrong(type);
}

function integerOf(content: unknown): bigint {
  if (typeof content === "string" && /^-?\d{1,19}$/.test(content)) {
    const value = BigInt(content);
    if (BigInt.asIntN(64, value) === value) return value;
  }
  throw wrong("integerValue");
}

function doubleOf(content: unknown): number {
  if (typeof content === "number") return content;
  if (content === "NaN" || content === "Infinity" || content === "-Infinity")
    return Number(content);
  throw wrong("doubleValue");
}

function wrong(type: string): LineError {
  return new LineError(`A ${type} is none.`);
}
