import type {
  DocumentTypes,
  FirestoreGeoPoint,
  FirestoreReference,
  FirestoreTimestamp,
  FirestoreVector,
} from "@ctb-data/models";
import type { Firestore as SdkFirestore } from "firebase-admin/firestore";
import type { Sdk } from "./sdk.ts";

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

/** The values of firebase-admin. */
export function sdkTypes(sdk: Sdk, client: SdkFirestore): FirestoreTypes {
  const timestamp = (time: number | Date, nanoseconds?: number): FirestoreTimestamp =>
    typeof time === "number"
      ? new sdk.Timestamp(time, nanoseconds ?? 0)
      : sdk.Timestamp.fromDate(time);
  return {
    timestamp,
    bytes: (bytes) => new Uint8Array(bytes),
    geoPoint: (latitude, longitude) => new sdk.GeoPoint(latitude, longitude),
    reference: (path) => client.doc(path),
    vector: (values) => sdk.FieldValue.vector([...values]),
  };
}
