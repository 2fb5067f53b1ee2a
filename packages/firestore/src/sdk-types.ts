import type { FirestoreTimestamp } from "@ctb-data/models";
import type { Firestore as SdkFirestore } from "firebase-admin/firestore";
import type { FirestoreTypes } from "./firestore-types.ts";
import type { Sdk } from "./sdk.ts";

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
