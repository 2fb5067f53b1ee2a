import { createHash } from "node:crypto";
import type { Keyring } from "@ctb-data/models";

/** A document by its id and its fields as Firestore's REST has them. `@/` begins the name of a document of the same database. */
export type DocumentFields = readonly [id: string, fields: Readonly<Record<string, object>>];

/** The column whose name needs quotes everywhere. */
export const mail = "E-Mail ü";

export const idOfMail = (address: string): string =>
  createHash("sha256").update(address).digest("hex").slice(0, 40);

const text = (value: string): object => ({ stringValue: value });
const integer = (value: number | bigint): object => ({ integerValue: String(value) });
const addressOf = (n: number): string => `m${n}@example.com`;

/** Somebody who is valid. */
function member(n: number, keyring: Keyring): Record<string, object> {
  const cipher = keyring.cipherOf({ table: "members", column: "tax" });
  return {
    [mail]: text(addressOf(n)),
    name: text(`Member ${n}`),
    ...(n % 3 === 0 && { rank: text(["bronze", "silver", "gold"][(n % 9) / 3] ?? "bronze") }),
    ...(n % 4 === 0 && { born: text(`19${50 + (n % 50)}-02-28`) }),
    ...(n % 5 === 0 && {
      points: integer(n),
      tags: { arrayValue: { values: [text("a\\b"), text("ü")] } },
    }),
    ...(n % 6 === 0 && { tax: text(cipher.encrypt(`DE${n}`)) }),
    ...(n % 7 === 0 && {
      extra: { mapValue: { fields: { n: integer(n), "😀": { doubleValue: 0.5 } } } },
    }),
    _note: text("the application's own"),
  };
}

const refer = (n: number): object => ({
  referenceValue: `@/member_intake/${idOfMail(addressOf(n))}`,
});
const lookUp = (n: number): object => ({ mapValue: { fields: { [mail]: text(addressOf(n)) } } });

/** What each kind of record that cannot be promoted has, instead of what it should. */
function faults(keyring: Keyring): readonly Readonly<Record<string, object>>[] {
  const foreign = keyring.cipherOf({ table: "members", column: "other" }).encrypt("DE");
  return [
    { name: text("A name of more than twenty characters") },
    { name: integer(7) },
    { name: { nullValue: null } },
    { name: text("NUL \u0000 within") },
    { born: text("2023-02-29") },
    { points: text("12345678901234567890") },
    { points: integer(5_000_000) },
    { rank: text("platinum") },
    { nmae: text("near") },
    { tax: text(foreign) },
    { recommended_by: { mapValue: { fields: { [mail]: text("nobody@example.com") } } } },
    { recommended_by: { referenceValue: "@/member_intake/nobody" } },
  ];
}

/**
 * So many members: most of them valid, a third recommended by another (in chains that run against the order of the ids as often as with it), some
 * of one address, two who recommend each other, and each way to be wrong once or more.
 */
export function memberDocuments(count: number, keyring: Keyring): readonly DocumentFields[] {
  const wrong = faults(keyring);
  const documents: DocumentFields[] = [];
  for (let n = 1; n <= count; n += 1) {
    const fields = member(n, keyring);
    if (n % 3 === 1 && n > 3)
      fields["recommended_by"] = n % 2 === 0 ? refer(n >> 1) : lookUp(n >> 1);
    const isWrong = n % 11 === 5;
    if (isWrong) Object.assign(fields, wrong[((n - 5) / 11) % wrong.length]);
    documents.push([idOfMail(addressOf(n)), fields]);
    // The same address under other ids: the smallest id keeps the row.
    if (n % 17 === 4)
      for (const id of [`${n}A`, `z${n}`])
        documents.push([id, { ...member(n, keyring), name: text(`Twin ${id}`) }]);
  }
  const pair = [count + 1, count + 2] as const;
  documents.push(
    [idOfMail(addressOf(pair[0])), { ...member(pair[0], keyring), recommended_by: refer(pair[1]) }],
    ["Ünïcode 😀", { ...member(pair[1], keyring), recommended_by: lookUp(pair[0]) }],
  );
  return documents;
}
