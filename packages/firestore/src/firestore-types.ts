import type {
  DocumentTypes,
  FirestoreGeoPoint,
  FirestoreReference,
  FirestoreTimestamp,
  FirestoreVector,
} from "@ctb-data/models";

/** Makes the values that only Firestore has. */
export interface FirestoreTypes extends DocumentTypes {
  /** From seconds since 1970 and the nanoseconds after them (whole microseconds), or a `Date`. */
  readonly timestamp: {
    (seconds: number, nanoseconds: number): FirestoreTimestamp;
    (date: Date): FirestoreTimestamp;
  };
  readonly bytes: (bytes: Uint8Array) => Uint8Array;
  readonly geoPoint: (latitude: number, longitude: number) => FirestoreGeoPoint;
  /** A document of this database: `clients/42`. */
  readonly reference: (path: string) => FirestoreReference;
  readonly vector: (values: readonly number[]) => FirestoreVector;
}
