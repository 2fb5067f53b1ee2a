import { createHash } from "node:crypto";
import { encoderOf, type Keyring } from "@ctb-data/models";
import type { MappedRecord, MappedValue } from "../mapping/mapped-record.ts";
import type { FieldReader } from "./field-reader.ts";

/** Prints JSON to the last digit. */
const print = encoderOf({ name: "json", kind: "json", dimensions: 0 });

interface HashOptions {
  readonly table: string;
  readonly readers: ReadonlyMap<string, FieldReader>;
  readonly keyring: Keyring | undefined;
}

/**
 * The hashes of mapped records: equal for records of which the vendor has sent the same. Values of encrypted columns are in them under a
 * key, so that nobody can find a value by trying: there is one hash for each key of the ring.
 */
export class RecordHashes {
  readonly #options: HashOptions;
  readonly #encrypted: ReadonlySet<string>;

  constructor(options: HashOptions) {
    this.#options = options;
    const encrypted = [...options.readers.values()].filter(({ column }) => column.encryption);
    this.#encrypted = new Set(encrypted.map(({ column }) => column.name));
  }

  /** The newest key's first. */
  of(mapped: MappedRecord): readonly [string, ...string[]] {
    const names = [...mapped.keys()].toSorted();
    const parts = names.map((name) => this.#textsOf(name, mapped.get(name)));
    const rings = Math.max(1, ...parts.map(({ length }) => length));
    const [first = "", ...others] = Array.from({ length: rings }, (_, key) => {
      const texts = parts.map((part, index) => [names[index], part[key] ?? part[0]]);
      return createHash("sha256").update(JSON.stringify(texts)).digest("hex");
    });
    return [first, ...others];
  }

  /** What stands for a value: one text, or one for each key. */
  #textsOf(name: string, mapped: MappedValue | undefined): readonly string[] {
    if (mapped === undefined) return [""];
    const text = print(this.#plainOf(name, mapped));
    const { keyring, table } = this.#options;
    if (!this.#encrypted.has(name) || keyring === undefined) return [text];
    const cipher = keyring.cipherOf({ table, column: name });
    return cipher.blindIndexes(text, { normalize: "none", bits: 256 });
  }

  #plainOf(name: string, mapped: MappedValue): unknown {
    if (mapped.kind === "raw") return ["raw", mapped.value];
    if (mapped.kind === "lookup") return ["lookup", mapped.column, plain(mapped.value)];
    if (mapped.value === null) return ["value", null];
    const reader = this.#options.readers.get(name);
    return ["value", reader === undefined ? plain(mapped.value) : reader.jsonOf(mapped.value)];
  }
}

/** A value that JSON can hold. */
function plain(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}
