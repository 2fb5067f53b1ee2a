import { type QueryDocumentSnapshot, type Firestore, Timestamp } from "@google-cloud/firestore";
import type { Client } from "pg";

/** What teams write: each row inserted, then its document marked. */
export async function promoteOneByOne(firestore: Firestore, client: Client): Promise<number> {
  const { docs } = await valid(firestore).get();
  for (const doc of docs) {
    const { rows } = await client.query<{ id: number }>(
      "INSERT INTO clients (name, email, created_at) VALUES ($1, $2, $3) RETURNING id",
      [...valuesOf(doc)],
    );
    await doc.ref.update({ promoted_to: `clients/${rows[0]?.id ?? ""}` });
  }
  return docs.length;
}

/** Its obvious repair: 500 rows in one statement, then their marks in one batch. */
export async function promoteInBatches(firestore: Firestore, client: Client): Promise<number> {
  const { docs } = await valid(firestore).get();
  for (let at = 0; at < docs.length; at += 500) {
    const batch = docs.slice(at, at + 500);
    const values = batch.map((doc) => valuesOf(doc));
    const { rows } = await client.query<{ id: number }>(
      `INSERT INTO clients (name, email, created_at) SELECT * FROM unnest($1::text[], $2::text[], $3::timestamp[])
       ON CONFLICT (email) DO UPDATE SET name = excluded.name, created_at = excluded.created_at RETURNING id`,
      [0, 1, 2].map((column) => values.map((row) => row[column])),
    );
    const marks = firestore.batch();
    batch.forEach((doc, index) =>
      marks.update(doc.ref, { promoted_to: `clients/${rows[index]?.id ?? ""}` }),
    );
    await marks.commit();
  }
  return docs.length;
}

function valid(firestore: Firestore): FirebaseFirestore.Query {
  return firestore.collection("client_intake").where("validated", "==", true);
}

function valuesOf(doc: QueryDocumentSnapshot): readonly [string, string, Date] {
  const name: unknown = doc.get("name");
  const email: unknown = doc.get("email");
  const at: unknown = doc.get("created_at");
  if (typeof name === "string" && typeof email === "string" && at instanceof Timestamp)
    return [name, email, at.toDate()];
  throw new Error(`${doc.ref.path} is not what was written.`);
}
