import { createHash } from "node:crypto";
import {
  DocumentReference,
  Firestore,
  GeoPoint,
  QueryDocumentSnapshot,
  Timestamp,
} from "@google-cloud/firestore";

/** A client of Google's own SDK: not of the code under test. */
export function connect(host: string, projectId: string): Firestore {
  return new Firestore({
    projectId,
    host,
    ssl: false,
    useBigInt: true,
    // Otherwise the client asks for an account of this machine first, for seconds where there is none.
    clientOptions: { universeDomain: "googleapis.com" },
  });
}

/** Two fifths clients, two fifths notes below every fourth of them, one fifth orders. */
export async function fillDocuments(db: Firestore, count: number): Promise<void> {
  const writer = db.bulkWriter({ throttling: false });
  const failures: Error[] = [];
  writer.onWriteError((error) => {
    failures.push(error);
    return false;
  });
  const fifth = count / 5;
  for (let n = 0; n < fifth * 2; n += 1) {
    const client = db.doc(`clients/c${n}`);
    writer.set(client, clientOf(db, n)).catch(() => {});
    const notes = n % 4 === 0 ? 4 : 0;
    for (let note = 0; note < notes; note += 1) {
      writer.set(client.collection("notes").doc(`n${note}`), noteOf(n, note)).catch(() => {});
    }
    if (n % 2 === 0) writer.set(db.doc(`orders/o${n}`), orderOf(db, n)).catch(() => {});
    if (n % 2000 === 0) await writer.flush();
  }
  await writer.close();
  if (failures[0]) throw failures[0];
}

function clientOf(db: Firestore, n: number): FirebaseFirestore.DocumentData {
  return {
    number: n,
    large: 9_007_199_254_740_993n + BigInt(n),
    name: `Client ${n} of the bench`,
    email: `client.${n}@example.com`,
    score: n / 7,
    active: n % 3 > 0,
    since: new Timestamp(1_700_000_000 + n, (n % 1000) * 1_000_000 + 1000),
    place: new GeoPoint((n % 180) - 90, (n % 360) - 180),
    tags: ["one", `tag ${n % 50}`, "three"],
    address: { street: `Street ${n % 300}`, city: "Berlin", zip: null },
    manager: db.doc(`clients/c${n % 100}`),
    photo: createHash("md5").update(String(n)).digest(),
  };
}

function noteOf(n: number, note: number): FirebaseFirestore.DocumentData {
  const text = `Note ${note} about client ${n}: called back, sent an offer, waits for an answer.`;
  return { text, at: new Timestamp(1_710_000_000 + n, 0), stars: note };
}

function orderOf(db: Firestore, n: number): FirebaseFirestore.DocumentData {
  return {
    client: db.doc(`clients/c${n}`),
    items: [1, 2, 3].map((item) => ({ sku: `SKU-${n * item}`, quantity: item, price: n / 3 })),
    paid: n % 5 > 0,
    placedAt: new Timestamp(1_720_000_000 + n, 123_456_000),
  };
}

/** Count and digest of all documents, read by collection with Google's SDK. */
export async function documentsContent(db: Firestore): Promise<string> {
  const queries = [db.collection("clients"), db.collectionGroup("notes"), db.collection("orders")];
  const lines: string[] = [];
  for (const query of queries) {
    let count = 0;
    let sum = 0n;
    for await (const document of query.stream()) {
      if (!(document instanceof QueryDocumentSnapshot)) throw new Error("No document came.");
      count += 1;
      sum = BigInt.asUintN(64, sum + digestOf(document));
    }
    lines.push(`${count} ${sum}`);
  }
  return lines.join(", ");
}

function digestOf(document: QueryDocumentSnapshot): bigint {
  const text = JSON.stringify([document.ref.path, plainOf(document.data())]);
  return createHash("md5").update(text).digest().readBigUInt64BE();
}

/** The order of a map's fields does not count. */
function plainOf(value: unknown): unknown {
  if (typeof value === "bigint") return { integer: String(value) };
  if (value instanceof DocumentReference) return { reference: value.path };
  if (value instanceof Timestamp) return { at: [value.seconds, value.nanoseconds] };
  if (value instanceof GeoPoint) return { place: [value.latitude, value.longitude] };
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(plainOf);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return fields.map(([name, field]) => [name, plainOf(field)]);
}
