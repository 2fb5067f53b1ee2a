import type { Firestore } from "@ctb-data/firestore";
import type { Postgres } from "@ctb-data/postgres";

/** The documents read as fast as they come, and their rows written by one COPY: no check, no record, no mark. */
export async function promoteAtFloor(firestore: Firestore, postgres: Postgres): Promise<number> {
  const snapshot = await firestore.raw.snapshot();
  const [range] = await snapshot.ranges({ collection: "client_intake" });
  if (range === undefined) throw new Error("There is no range.");
  async function* rows(): AsyncGenerator<Uint8Array> {
    for await (const batch of snapshot.read(range ?? { start: undefined, end: undefined })) {
      let text = "";
      let from = 0;
      for (const { end } of batch.lines) {
        const { fields }: Line = JSON.parse(batch.bytes.toString("utf8", from, end));
        from = end;
        const at = fields.created_at.timestampValue.slice(0, -1).replace("T", " ");
        text += `${fields.name.stringValue}\t${fields.email.stringValue}\t${at}\n`;
      }
      yield Buffer.from(text);
    }
  }
  return await postgres.withConnection(async (connection) => {
    const copied = await connection.copyIn(
      "COPY clients (name, email, created_at) FROM STDIN",
      rows(),
    );
    return copied.rows;
  });
}

interface Line {
  readonly fields: {
    readonly name: { readonly stringValue: string };
    readonly email: { readonly stringValue: string };
    readonly created_at: { readonly timestampValue: string };
  };
}
