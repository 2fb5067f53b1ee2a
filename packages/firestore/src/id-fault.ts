import { FirestoreError } from "./firestore-error.ts";

/** What Firestore has against an id. */
export function idFault(id: unknown): string | undefined {
  if (typeof id !== "string") return "is not a text";
  if (id === "") return "is empty";
  if (id === "." || id === "..") return `cannot be ${id}`;
  if (id.includes("/")) return "has a slash";
  if (/^__.*__$/s.test(id)) return "is reserved: Firestore keeps __…__ for itself";
  if (/\p{Surrogate}/u.test(id)) return "has half a surrogate pair";
  return Buffer.byteLength(id) > 1500 ? "is longer than 1,500 bytes" : undefined;
}

/**
 * Checks the ids of a path. How many there must be, and that none is empty, the SDK knows.
 *
 * @throws {FirestoreError} INVALID_QUERY
 */
export function checkPath(path: string): void {
  for (const id of path.split("/")) {
    const fault = id === "" ? undefined : idFault(id);
    if (fault !== undefined)
      throw new FirestoreError("INVALID_QUERY", `A part of the path ${fault}.`);
  }
}
