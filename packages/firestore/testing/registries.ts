import type {
  FirestoreGeoPoint,
  FirestoreMap,
  FirestoreReference,
  FirestoreTimestamp,
  FirestoreValue,
  FirestoreVector,
} from "@ctb-data/models";
import { registryOf } from "./test-firestore.ts";

/** One collection for what Firestore can hold, and one for what a table can. */
export const everyType = registryOf(`
tables:
  things:
    columns:
      - { name: id, type: bigint, primary_key: true }
      - { name: name, type: varchar(20), required: true }
      - { name: big, type: bigint }
      - { name: small, type: integer }
      - { name: ratio, type: double precision }
      - { name: price, type: "numeric(20,4)" }
      - { name: born, type: date }
      - { name: seen_at, type: timestamptz }
      - { name: photo, type: bytea }
      - { name: tags, type: "text[]" }
      - { name: config, type: jsonb }
    firestore:
      collection: things
      fields:
        seenAt: seen_at
        config: { column: config, type: map }
        note: string
collections:
  notes:
    fields:
      text: { type: string, required: true }
      count: integer
      score: double
      done: boolean
      at: timestamp
      raw: bytes
      place: geopoint
      about: reference
      embedding: vector
      items: array
      extra: map
      anything: any
      "dotted.name": string
`);

export interface ThingDocument {
  readonly name: string;
  readonly big?: number | bigint | null;
  readonly small?: number | null;
  readonly ratio?: number | null;
  readonly price?: string | null;
  readonly born?: string | null;
  readonly seenAt?: FirestoreTimestamp | string | null;
  readonly photo?: Uint8Array | null;
  readonly tags?: readonly (string | null)[] | null;
  readonly config?: FirestoreValue | null;
  readonly note?: string | null;
}

export interface NoteDocument {
  readonly text: string;
  readonly count?: number | bigint | null;
  readonly score?: number | null;
  readonly done?: boolean | null;
  readonly at?: FirestoreTimestamp | null;
  readonly raw?: Uint8Array | null;
  readonly place?: FirestoreGeoPoint | null;
  readonly about?: FirestoreReference | null;
  readonly embedding?: FirestoreVector | null;
  readonly items?: readonly FirestoreValue[] | null;
  readonly extra?: FirestoreMap | null;
  readonly anything?: FirestoreValue | null;
  readonly "dotted.name"?: string | null;
}

export interface Everything {
  readonly things: ThingDocument;
  readonly notes: NoteDocument;
}
