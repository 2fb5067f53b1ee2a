/** A point in time as Firestore keeps it. The classes of the firebase SDKs are of this shape. */
export interface FirestoreTimestamp {
  /** Since 1970-01-01T00:00:00Z; negative before. */
  readonly seconds: number;
  /** 0 to 999,999,999, counted forward in time. */
  readonly nanoseconds: number;
}

/** A place on the earth, in degrees. */
export interface FirestoreGeoPoint {
  readonly latitude: number;
  readonly longitude: number;
}

/** A reference to another document. */
export interface FirestoreReference {
  /** Relative to the database: `clients/42`. */
  readonly path: string;
}

/** A vector of an embedding. */
export interface FirestoreVector {
  readonly toArray: () => number[];
}

/**
 * Makes the values of a Firestore SDK. This package knows none of them: `@ctb-data/firestore` gives those of
 * firebase-admin. Reading needs no such thing: an object is recognised by its shape and by not being a plain object.
 */
export interface DocumentTypes {
  readonly timestamp: (seconds: number, nanoseconds: number) => unknown;
  readonly bytes: (bytes: Uint8Array) => unknown;
  readonly geoPoint: (latitude: number, longitude: number) => unknown;
  readonly reference: (path: string) => unknown;
  readonly vector: (values: readonly number[]) => unknown;
}

class NeutralTimestamp implements FirestoreTimestamp {
  readonly seconds: number;
  readonly nanoseconds: number;
  constructor(seconds: number, nanoseconds: number) {
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
  }
}

class NeutralGeoPoint implements FirestoreGeoPoint {
  readonly latitude: number;
  readonly longitude: number;
  constructor(latitude: number, longitude: number) {
    this.latitude = latitude;
    this.longitude = longitude;
  }
}

class NeutralReference implements FirestoreReference {
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
}

class NeutralVector implements FirestoreVector {
  readonly values: readonly number[];
  constructor(values: readonly number[]) {
    this.values = [...values];
  }
  toArray(): number[] {
    return [...this.values];
  }
}

/** The values of no SDK: plain classes of the same shapes, for tests and for stores that do not speak to Firestore. */
export const neutralDocumentTypes: DocumentTypes = {
  timestamp: (seconds, nanoseconds) => new NeutralTimestamp(seconds, nanoseconds),
  bytes: (bytes) => bytes,
  geoPoint: (latitude, longitude) => new NeutralGeoPoint(latitude, longitude),
  reference: (path) => new NeutralReference(path),
  vector: (values) => new NeutralVector(values),
};
