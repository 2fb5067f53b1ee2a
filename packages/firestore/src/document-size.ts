import { isTimestamp } from "./write-values.ts";

/** About how many bytes values take in a request: a document is not much more than that to Firestore, and not less. */
export function sizeOf(value: unknown): number {
  switch (typeof value) {
    case "string":
      return Buffer.byteLength(value) + 4;
    case "object":
      return value === null ? 2 : sizeOfObject(value);
    case "number":
    case "bigint":
    case "boolean":
    case "undefined":
    case "function":
    case "symbol":
    default:
      return 10;
  }
}

function sizeOfObject(value: object): number {
  if (value instanceof Uint8Array) return value.byteLength + 4;
  if (isTimestamp(value)) return 16;
  if (Array.isArray(value)) return value.reduce<number>((total, item) => total + sizeOf(item), 4);
  if ("toArray" in value && typeof value.toArray === "function") {
    const list: unknown = value.toArray();
    return Array.isArray(list) ? list.length * 11 + 40 : 40;
  }
  // References and the like hold their client.
  if ("path" in value && typeof value.path === "string" && "firestore" in value)
    return Buffer.byteLength(value.path) + 80;
  return Object.entries(value).reduce(
    (total, [name, part]) => total + Buffer.byteLength(name) + 6 + sizeOf(part),
    4,
  );
}
