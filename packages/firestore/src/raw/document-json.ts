import type { JsonOutput } from "./json-output.ts";
import { WireError, WireReader } from "./wire-reader.ts";

/** What is known of a line without reading it. */
export interface DocumentLine {
  /** The full name: `projects/p/databases/d/documents/clients/42`. */
  readonly name: string;
  /** Where the line ends, behind its line feed. */
  readonly end: number;
  /** Microseconds since 1970: Firestore's own times have no more digits, and a number holds them until 2255. */
  readonly updateTimeUs: number;
}

/** Tags of google.firestore.v1.Value. */
const valueTags = {
  boolean: 8,
  integer: 16,
  double: 25,
  reference: 42,
  map: 50,
  geoPoint: 66,
  array: 74,
  timestamp: 82,
  null: 88,
  string: 138,
  bytes: 146,
} as const;

/** Where the four things of a map's entry are: start and end of the key, start and end of the value. */
const entrySize = 4;

/**
 * Rewrites documents from the wire format to lines of JSON as Firestore's REST has it, without making values of them:
 * no digit and no bit can be lost. The keys of maps are in the order of their UTF-8 bytes, so equal documents are equal
 * lines.
 */
export class DocumentJson {
  readonly output: JsonOutput;
  readonly #reader = new WireReader();

  constructor(output: JsonOutput) {
    this.output = output;
  }

  /**
   * Appends a line.
   *
   * @param end of the document, which starts at `start`.
   * @throws {WireError} when it has something that this version does not know: nothing is left out.
   */
  add(bytes: Buffer, start: number, end: number): DocumentLine {
    const before = this.output.length;
    try {
      return this.#document(bytes, start, end);
    } catch (error) {
      this.output.cut(before);
      throw error;
    }
  }

  #document(bytes: Buffer, start: number, end: number): DocumentLine {
    const reader = this.#reader;
    const { output } = this;
    reader.bytes = bytes;
    reader.at = start;
    let nameStart = start;
    let nameEnd = start;
    let created = -1;
    let updated = -1;
    const entries: number[] = [];
    while (reader.at < end) {
      const tag = reader.varint();
      if (tag === 10) {
        nameEnd = reader.end();
        nameStart = reader.at;
        reader.at = nameEnd;
      } else if (tag === 18) this.#scanEntry(entries);
      else if (tag === 26) created = this.#passed();
      else if (tag === 34) updated = this.#passed();
      else throw unknown("A document", tag);
    }
    output.ascii('{"name":');
    output.text(bytes, nameStart, nameEnd);
    if (entries.length > 0) {
      output.ascii(',"fields":');
      this.#entries(entries);
    }
    if (created >= 0) {
      output.ascii(',"createTime":');
      this.#timeAt(created);
    }
    let updateTimeUs = 0;
    if (updated >= 0) {
      output.ascii(',"updateTime":');
      updateTimeUs = this.#timeAt(updated);
    }
    output.ascii("}\n");
    return { name: bytes.toString("utf8", nameStart, nameEnd), end: output.length, updateTimeUs };
  }

  /** Skips a message, and gives where its length is. */
  #passed(): number {
    const at = this.#reader.at;
    this.#reader.at = this.#reader.end();
    return at;
  }

  #timeAt(at: number): number {
    this.#reader.at = at;
    return this.#time();
  }

  #scanEntry(entries: number[]): void {
    const reader = this.#reader;
    const end = reader.end();
    let keyStart = end;
    let keyEnd = end;
    let valueStart = -1;
    let valueEnd = -1;
    while (reader.at < end) {
      const tag = reader.varint();
      const fieldEnd = reader.end();
      if (tag === 10) {
        keyStart = reader.at;
        keyEnd = fieldEnd;
      } else if (tag === 18) {
        valueStart = reader.at;
        valueEnd = fieldEnd;
      } else throw unknown("An entry of a map", tag);
      reader.at = fieldEnd;
    }
    if (valueStart < 0) throw new WireError("An entry of a map has no value.");
    entries.push(keyStart, keyEnd, valueStart, valueEnd);
  }

  #entries(entries: readonly number[]): void {
    const { output } = this;
    const { bytes } = this.#reader;
    let separator = 0x7b;
    for (const entry of inOrder(bytes, entries)) {
      output.byte(separator);
      separator = 0x2c;
      output.text(bytes, entries[entry] ?? 0, entries[entry + 1] ?? 0);
      output.byte(0x3a);
      this.#value(entries[entry + 2] ?? 0, entries[entry + 3] ?? 0);
    }
    output.byte(0x7d);
  }

  #value(start: number, end: number): void {
    const reader = this.#reader;
    const { output } = this;
    reader.at = start;
    const tag = reader.varint();
    switch (tag) {
      case valueTags.string:
        this.#text('{"stringValue":');
        break;
      case valueTags.integer:
        output.ascii(`{"integerValue":"${reader.int64Text()}"`);
        break;
      case valueTags.double:
        output.ascii('{"doubleValue":');
        output.double(reader.double());
        break;
      case valueTags.boolean:
        output.ascii(reader.varint() === 0 ? '{"booleanValue":false' : '{"booleanValue":true');
        break;
      case valueTags.null:
        reader.varint();
        output.ascii('{"nullValue":null');
        break;
      case valueTags.timestamp:
        output.ascii('{"timestampValue":');
        this.#time();
        break;
      case valueTags.map:
        this.#map();
        break;
      case valueTags.array:
        this.#array();
        break;
      case valueTags.reference:
        this.#text('{"referenceValue":');
        break;
      case valueTags.geoPoint:
        this.#geoPoint();
        break;
      case valueTags.bytes:
        this.#bytes();
        break;
      default:
        throw unknown("A value", tag);
    }
    if (reader.at !== end) throw new WireError("A value is not as long as it says.");
    output.byte(0x7d);
  }

  #text(head: string): void {
    const reader = this.#reader;
    const end = reader.end();
    this.output.ascii(head);
    this.output.text(reader.bytes, reader.at, end);
    reader.at = end;
  }

  #bytes(): void {
    const reader = this.#reader;
    const end = reader.end();
    this.output.ascii('{"bytesValue":');
    this.output.base64(reader.bytes, reader.at, end);
    reader.at = end;
  }

  #time(): number {
    const reader = this.#reader;
    const end = reader.end();
    let seconds = 0;
    let nanos = 0;
    while (reader.at < end) {
      const tag = reader.varint();
      if (tag === 8) seconds = reader.int64();
      else if (tag === 16) nanos = reader.varint();
      else throw unknown("A timestamp", tag);
    }
    this.output.time(seconds, nanos);
    return seconds * 1_000_000 + Math.floor(nanos / 1000);
  }

  #geoPoint(): void {
    const reader = this.#reader;
    const end = reader.end();
    let latitude = 0;
    let longitude = 0;
    while (reader.at < end) {
      const tag = reader.varint();
      if (tag === 9) latitude = reader.double();
      else if (tag === 17) longitude = reader.double();
      else throw unknown("A place", tag);
    }
    this.output.ascii('{"geoPointValue":{"latitude":');
    this.output.double(latitude);
    this.output.ascii(',"longitude":');
    this.output.double(longitude);
    this.output.byte(0x7d);
  }

  #array(): void {
    const reader = this.#reader;
    const { output } = this;
    const end = reader.end();
    output.ascii('{"arrayValue":{');
    const isEmpty = reader.at >= end;
    if (!isEmpty) output.ascii('"values":');
    let separator = 0x5b;
    while (reader.at < end) {
      const tag = reader.varint();
      if (tag !== 10) throw unknown("An array", tag);
      const valueEnd = reader.end();
      output.byte(separator);
      separator = 0x2c;
      this.#value(reader.at, valueEnd);
      reader.at = valueEnd;
    }
    output.ascii(isEmpty ? "}" : "]}");
  }

  #map(): void {
    const reader = this.#reader;
    const end = reader.end();
    const entries: number[] = [];
    while (reader.at < end) {
      const tag = reader.varint();
      if (tag !== 10) throw unknown("A map", tag);
      this.#scanEntry(entries);
    }
    this.output.ascii('{"mapValue":{');
    if (entries.length > 0) {
      this.output.ascii('"fields":');
      this.#entries(entries);
    }
    this.output.byte(0x7d);
    reader.at = end;
  }
}

function unknown(what: string, tag: number): WireError {
  return new WireError(
    `${what} has the field ${tag >>> 3} (wire type ${tag & 7}), which this version does not know.`,
  );
}

/** Where the entries begin, by the bytes of their keys. */
function inOrder(bytes: Buffer, entries: readonly number[]): readonly number[] {
  const order: number[] = [];
  let isOrdered = true;
  for (let entry = 0; entry < entries.length; entry += entrySize) {
    if (entry > 0 && isOrdered)
      isOrdered = compareKeys(bytes, entries, entry - entrySize, entry) < 0;
    order.push(entry);
  }
  return isOrdered ? order : order.toSorted((a, b) => compareKeys(bytes, entries, a, b));
}

function compareKeys(bytes: Buffer, entries: readonly number[], a: number, b: number): number {
  let at = entries[a] ?? 0;
  let other = entries[b] ?? 0;
  const end = entries[a + 1] ?? 0;
  const otherEnd = entries[b + 1] ?? 0;
  while (at < end && other < otherEnd) {
    const difference = (bytes[at] ?? 0) - (bytes[other] ?? 0);
    if (difference !== 0) return difference;
    at += 1;
    other += 1;
  }
  return end - at - (otherEnd - other);
}
