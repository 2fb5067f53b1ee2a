import type { FirestoreVector, ModelIssue } from "@ctb-data/models";
import type { FirestoreType } from "@ctb-data/registry";
import type { Firestore as SdkFirestore } from "firebase-admin/firestore";
import { isFieldChange, type AnyFieldChange } from "./field-change.ts";
import type { FirestoreTypes } from "./firestore-types.ts";
import type { Sdk } from "./sdk.ts";

/** Firestore takes 20 levels of maps and arrays. */
const maxDepth = 20;
const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;
const loneSurrogate = /\p{Surrogate}/u;

type Path = readonly PropertyKey[];

interface Position {
  readonly path: Path;
  readonly depth: number;
  readonly inArray: boolean;
  /** Of a field that the registry knows: plain objects are told apart by it. */
  readonly type?: FirestoreType | undefined;
}

/** Why a value cannot be written. */
class Refusal extends Error {
  readonly path: Path;
  constructor(message: string, path: Path) {
    super(message);
    this.path = path;
  }
}

/**
 * Makes values of the SDK. Whatever Firestore would change, cut or drop is refused, with its place: half a surrogate
 * pair, an integer beyond 64 bits, nanoseconds, `undefined` in a list, an object of an unknown class.
 */
export class ValueWriter {
  readonly #sdk: Sdk;
  readonly #client: SdkFirestore;
  readonly #types: FirestoreTypes;

  constructor(sdk: Sdk, client: SdkFirestore, types: FirestoreTypes) {
    this.#sdk = sdk;
    this.#client = client;
    this.#types = types;
  }

  /** The value of the SDK; `undefined` when it cannot be, and `issues` got to know why. */
  write(
    value: unknown,
    options: {
      readonly path: Path;
      readonly issues: ModelIssue[];
      readonly type?: FirestoreType | undefined;
    },
  ): unknown {
    const { path, issues, type } = options;
    try {
      return this.#write(value, { path, depth: 0, inArray: false, type });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      issues.push({ path: error.path, message: error.message });
      return undefined;
    }
  }

  #write(value: unknown, at: Position): unknown {
    switch (typeof value) {
      case "boolean":
      case "number":
        return value;
      case "string":
        if (loneSurrogate.test(value))
          throw new Refusal("has half a surrogate pair, which Firestore would replace", at.path);
        return value;
      case "bigint":
        if (value < minInt64 || value > maxInt64)
          throw new Refusal("is an integer beyond the 64 bits of Firestore", at.path);
        return value;
      case "object":
        return value === null ? null : this.#writeObject(value, at);
      case "undefined":
        throw new Refusal("is undefined: leave it out, or write null", at.path);
      case "function":
      case "symbol":
      default:
        throw new Refusal(`is a ${typeof value}, which is no value of Firestore`, at.path);
    }
  }

  #writeObject(value: object, at: Position): unknown {
    if (isFieldChange(value)) return this.#change(value, at);
    if (Array.isArray(value)) return this.#list(value, at);
    return isPlain(value) && !this.#isMeantAs(value, at.type)
      ? this.#map(value, at)
      : this.#native(value, at);
  }

  #list(list: readonly unknown[], at: Position): unknown {
    if (at.inArray)
      throw new Refusal("is an array in an array, which Firestore does not have", at.path);
    const inside = this.#deeper(at);
    // Not `map`, which leaves holes as they are.
    return Array.from(list, (item, index) =>
      this.#write(item, { path: [...at.path, index], depth: inside, inArray: true }),
    );
  }

  #map(map: object, at: Position): unknown {
    const depth = this.#deeper(at);
    const written: Record<string, unknown> = {};
    for (const [key, part] of Object.entries(map)) {
      const path = [...at.path, key];
      const fault = nameFault(key);
      if (fault !== undefined) throw new Refusal(`has a name that ${fault}`, path);
      if (part === undefined) throw new Refusal("is undefined: leave it out, or write null", path);
      written[key] = this.#write(part, { path, depth, inArray: false });
    }
    return written;
  }

  #deeper({ depth, path }: Position): number {
    if (depth < maxDepth) return depth + 1;
    throw new Refusal("is nested deeper than the 20 levels of Firestore", path);
  }

  /** In a field of this type a plain object of that shape is no map: types of TypeScript allow it. */
  #isMeantAs(value: object, type: FirestoreType | undefined): boolean {
    return (
      (type === "timestamp" && isTimestamp(value)) ||
      (type === "geopoint" && isGeoPoint(value)) ||
      (type === "reference" && isReference(value)) ||
      (type === "vector" && isVector(value))
    );
  }

  #native(value: object, { path }: Position): unknown {
    if (value instanceof Uint8Array)
      return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) throw new Refusal("is an invalid Date", path);
      return this.#made(() => this.#types.timestamp(value), path);
    }
    if (isTimestamp(value)) return this.#timestamp(value, path);
    if (isGeoPoint(value)) {
      if (value instanceof this.#sdk.GeoPoint) return value;
      return this.#made(() => this.#types.geoPoint(value.latitude, value.longitude), path);
    }
    if (isVector(value)) return this.#made(() => this.#types.vector(value.toArray()), path);
    if (isReference(value)) return this.#reference(value, path);
    if (value instanceof this.#sdk.FieldValue)
      throw new Refusal(
        "is a FieldValue of the SDK: use serverTimestamp(), increment() … of @ctb-data/firestore, which can be checked",
        path,
      );
    throw new Refusal("is an object of a class that Firestore does not know", path);
  }

  #timestamp(value: { seconds: number; nanoseconds: number }, path: Path): unknown {
    const { seconds, nanoseconds } = value;
    if (nanoseconds % 1000 !== 0)
      throw new Refusal("is finer than a microsecond, which Firestore would cut off", path);
    return this.#made(() => this.#types.timestamp(seconds, nanoseconds), path);
  }

  #reference(value: object & { path: string }, path: Path): unknown {
    if (loneSurrogate.test(value.path))
      throw new Refusal("has half a surrogate pair, which Firestore would replace", path);
    if (!(value instanceof this.#sdk.DocumentReference))
      return this.#made(() => this.#types.reference(value.path), path);
    const { firestore } = value;
    if (firestore === this.#client) return value;
    // That of another client is this one's when both are of one database.
    if (!isSameDatabase(firestore, this.#client))
      throw new Refusal("is a reference into another database", path);
    return this.#client.doc(value.path);
  }

  #made(make: () => unknown, path: Path): unknown {
    try {
      return make();
    } catch {
      throw new Refusal("is out of range for Firestore", path);
    }
  }

  #change(change: AnyFieldChange, { path, inArray, depth }: Position): unknown {
    if (inArray)
      throw new Refusal(`is ${change.kind}() in an array, where Firestore takes none`, path);
    const { FieldValue } = this.#sdk;
    switch (change.kind) {
      case "serverTimestamp":
        return FieldValue.serverTimestamp();
      case "deleteField":
        return FieldValue.delete();
      case "increment":
        return this.#increment(change.operand, path);
      case "arrayUnion":
      case "arrayRemove": {
        const list = { path, depth: depth + 1, inArray: true };
        const items = change.operand.map((item) => this.#write(item, list));
        if (items.length === 0) throw new Refusal(`is ${change.kind}() of nothing`, path);
        return change.kind === "arrayUnion"
          ? FieldValue.arrayUnion(...items)
          : FieldValue.arrayRemove(...items);
      }
      default:
        return change satisfies never;
    }
  }

  #increment(by: number | bigint, path: Path): unknown {
    if (typeof by === "number") return this.#sdk.FieldValue.increment(by);
    // The SDK checks for a number, and then encodes what it is given.
    if (by < BigInt(Number.MIN_SAFE_INTEGER) || by > BigInt(Number.MAX_SAFE_INTEGER))
      throw new Refusal("is increment() by more than 2^53", path);
    return this.#sdk.FieldValue.increment(Number(by));
  }
}

/** What Firestore has against the name of a field. */
export function nameFault(name: string): string | undefined {
  if (name === "") return "is empty";
  if (/^__.*__$/s.test(name)) return "is reserved: Firestore keeps __…__ for itself";
  if (loneSurrogate.test(name)) return "has half a surrogate pair";
  return Buffer.byteLength(name) > 1500 ? "is longer than 1,500 bytes" : undefined;
}

function isSameDatabase(one: SdkFirestore, other: SdkFirestore): boolean {
  // A client prints its project, and has no other way to tell it.
  return JSON.stringify(one) === JSON.stringify(other) && one.databaseId === other.databaseId;
}

/** Whether an object is a map, and no value of a class. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function isTimestamp(value: object): value is { seconds: number; nanoseconds: number } {
  return (
    "seconds" in value &&
    typeof value.seconds === "number" &&
    "nanoseconds" in value &&
    typeof value.nanoseconds === "number"
  );
}

export function isGeoPoint(value: object): value is { latitude: number; longitude: number } {
  return (
    "latitude" in value &&
    typeof value.latitude === "number" &&
    "longitude" in value &&
    typeof value.longitude === "number"
  );
}

export function isVector(value: object): value is FirestoreVector {
  return "toArray" in value && typeof value.toArray === "function";
}

export function isReference(value: object): value is { path: string } {
  return "path" in value && typeof value.path === "string";
}
