import type {
  FirestoreGeoPoint,
  FirestoreReference,
  FirestoreTimestamp,
  FirestoreVector,
} from "./document-types.ts";

/** Whatever a document field can hold, as an SDK reads it. */
export type FirestoreValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | FirestoreTimestamp
  | FirestoreGeoPoint
  | FirestoreReference
  | FirestoreVector
  | readonly FirestoreValue[]
  | FirestoreMap;

/** A map of a document. */
export interface FirestoreMap {
  readonly [field: string]: FirestoreValue;
}
