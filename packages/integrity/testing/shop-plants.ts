import { randomBytes } from "node:crypto";
import { parseKeyring } from "@ctb-data/models";
import type { PlantedWorld } from "./planted-world.ts";

/** Something that is made wrong in one row or document that was right. */
export interface Plant {
  /** What a check finds of it: kind, table or collection, columns or field. */
  readonly findings: readonly string[];
  /** Rows or documents of these that nothing else has been planted in: their ids go to `apply`. */
  readonly takes: readonly ShopTable[];
  readonly apply: (planting: Planting, ids: readonly number[]) => Promise<void>;
  /** False where a fix must not touch it. */
  readonly fixable?: false;
}

export type ShopTable = "clients" | "orders" | "products" | "lines" | "notes" | "members" | "new";

/** The world, and one session in which no foreign key is looked at. */
export interface Planting extends Pick<PlantedWorld, "firestore" | "keyring"> {
  readonly run: (sql: string, params?: readonly unknown[]) => Promise<void>;
}

/** Takes the constraints away that would refuse what is planted, as careless migrations do. Foreign keys stay, marked valid. */
export const loosening: readonly string[] = [
  "ALTER TABLE clients DROP CONSTRAINT clients_name_key, ALTER COLUMN name TYPE text",
  "ALTER TABLE orders ALTER COLUMN placed DROP NOT NULL, ALTER COLUMN state TYPE text, ALTER COLUMN details TYPE text, DROP CONSTRAINT sent_after_placed",
  "ALTER TABLE products DROP CONSTRAINT products_title_key",
  "ALTER TABLE notes DROP CONSTRAINT notes_client_id_fkey",
  "DROP INDEX IF EXISTS clients_tax_bidx_idx",
];

const row = (finding: string, table: ShopTable, set: string, where = "id = $1"): Plant => ({
  findings: [finding],
  takes: [table],
  apply: async ({ run }, [id]) => {
    await run(`UPDATE ${table} SET ${set} WHERE ${where}`, [id]);
  },
});

const twice = (finding: string, table: ShopTable, column: string, key: string): Plant => ({
  findings: [finding],
  takes: [table, table],
  apply: async ({ run }, [id, other]) => {
    await run(
      `UPDATE ${table} SET ${column} = (SELECT ${column} FROM ${table} WHERE ${key} = $2) WHERE ${key} = $1`,
      [id, other],
    );
  },
});

const document = (
  findings: readonly string[],
  apply: (planting: Planting, id: string) => Promise<unknown>,
  takes: ShopTable = "members",
): Plant => ({
  findings,
  takes: [takes],
  apply: async (planting, [id]) => {
    await apply(planting, String(id));
  },
});

const ofRows: readonly Plant[] = [
  row("orphan orders client_id", "orders", "client_id = 90000 + $1"),
  row("orphan orders parent_id", "orders", "parent_id = 90000 + $1"),
  row("orphan lines vendor,code", "lines", "vendor = 'nobody', code = $1", "order_id = $1"),
  row("orphan lines order_id", "lines", "order_id = 90000 + $1", "order_id = $1"),
  row("orphan notes client_id", "notes", "client_id = 90000 + $1", "client_id = $1"),
  twice("duplicate clients name", "clients", "name", "id"),
  twice("duplicate products title", "products", "title", "code"),
  row("null orders placed", "orders", "placed = NULL, sent = NULL"),
  row(
    "length clients name",
    "clients",
    "name = 'A name of more than twenty characters, ' || $1::int",
  ),
  row("length notes body", "notes", "body = ''", "client_id = $1"),
  row("range orders amount", "orders", "amount = 5000.01"),
  row("range lines quantity", "lines", "quantity = 0", "order_id = $1"),
  row("pattern orders code", "orders", "code = 'abc-1'"),
  row("format clients email", "clients", "email = 'nobody at home'"),
  row("enum orders level", "orders", "level = 'iron'"),
  row("enum orders state", "orders", "state = 'lost'"),
  row("invalid_value orders details", "orders", "details = '{no json'"),
  row("check orders sent,placed", "orders", "sent = placed - interval '1 s'"),
];

const ofSecrets: readonly Plant[] = [
  {
    findings: ["clear_text clients tax"],
    takes: ["clients"],
    apply: async ({ run }, [id]) => {
      await run("UPDATE clients SET tax = 'DE' || $1::int WHERE id = $1", [id]);
    },
  },
  row("blind_index clients tax_bidx", "clients", "tax_bidx = '00'"),
  {
    findings: ["undecryptable clients tax"],
    takes: ["clients"],
    apply: async ({ run, keyring }, [id]) => {
      const elsewhere = keyring.cipherOf({ table: "clients", column: "other" }).encrypt("DE1");
      await run("UPDATE clients SET tax = $2 WHERE id = $1", [id, elsewhere]);
    },
  },
  {
    findings: ["unknown_key clients tax"],
    fixable: false,
    takes: ["clients"],
    apply: async ({ run }, [id]) => {
      const lost = parseKeyring(randomBytes(32).toString("base64"));
      const text = lost.cipherOf({ table: "clients", column: "tax" }).encrypt("DE1");
      await run("UPDATE clients SET tax = $2 WHERE id = $1", [id, text]);
    },
  },
];

const ofDocuments: readonly Plant[] = [
  document(["row_without_document members "], async ({ firestore }, id) => {
    await firestore.collection("members").doc(id).delete();
  }),
  document(
    ["document_without_row members "],
    async ({ firestore }, id) => {
      const nobody = { id: Number(id), team_id: null, name: "Nobody", joined: null };
      await firestore.collection("members").save(nobody);
    },
    "new",
  ),
  document(["different_field members name"], async ({ firestore }, id) => {
    await firestore.documents("members").doc(id).merge({ name: "Another" });
  }),
  {
    findings: ["orphan members team_id", "dangling_document members teamId"],
    takes: ["members"],
    apply: async ({ run, firestore }, [id = 0]) => {
      await run("UPDATE members SET team_id = 90000 + $1 WHERE id = $1", [id]);
      await firestore
        .documents("members")
        .doc(String(id))
        .merge({ teamId: String(90_000 + id) });
    },
  },
  document(["invalid_document members name"], async ({ firestore }, id) => {
    await firestore.documents("members").doc(id).merge({ name: 42 });
  }),
];

/** One of each kind. */
export const plants: readonly Plant[] = [...ofRows, ...ofSecrets, ...ofDocuments];
