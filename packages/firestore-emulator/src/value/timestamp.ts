/** A moment as the protocol writes it: seconds since 1970 and 0 to 999,999,999 nanoseconds after them. */
export class Timestamp {
  readonly seconds: number;
  readonly nanos: number;

  constructor(seconds: number, nanos: number) {
    this.seconds = seconds;
    this.nanos = nanos;
  }
}

/** The microseconds since 1970. Exact for every moment within 285 years of 1970, as the times of commits are. */
export function microsOf(timestamp: Timestamp): number {
  return timestamp.seconds * 1_000_000 + Math.floor(timestamp.nanos / 1000);
}

/** A moment from microseconds since 1970. */
export function timestampOf(micros: number): Timestamp {
  const seconds = Math.floor(micros / 1_000_000);
  return new Timestamp(seconds, (micros - seconds * 1_000_000) * 1000);
}

/** The same moment without what is finer than a microsecond: Firestore keeps no more. */
export function truncateToMicros(timestamp: Timestamp): Timestamp {
  const finer = timestamp.nanos % 1000;
  return finer === 0 ? timestamp : new Timestamp(timestamp.seconds, timestamp.nanos - finer);
}
