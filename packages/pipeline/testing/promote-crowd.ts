import type { PromotableDocument } from "../src/promote/promotion.ts";
import { documentsOf } from "./promote-world.ts";

/** A table in which everything happens: new rows, duplicates, references, refusals. */
export const crowdYaml = `
tables:
  clients:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: name, type: varchar(20) }
      - { name: email, type: varchar(50), unique: true }
      - { name: size, type: integer, check: "size < 1000" }
      - { name: boss, type: integer, references: clients.id }
`;

export const crowdSize = 120;

/** Every tenth has the key of the one before, every seventh refers to the first, every twentieth is refused. */
export const crowd: readonly PromotableDocument[] = documentsOf(
  Object.fromEntries(
    Array.from({ length: crowdSize }, (_, n) => [
      `d${String(n).padStart(3, "0")}`,
      {
        row: {
          name: `Name ${n}`,
          email: `${n % 10 === 9 ? n - 1 : n}@x.org`,
          size: n % 20 === 11 ? 1000 : n,
        },
        references:
          n % 7 === 3
            ? [
                {
                  column: "boss",
                  table: "clients",
                  target: "id",
                  by: { kind: "document" as const, collection: "intake", id: "d000" },
                },
              ]
            : [],
      },
    ]),
  ),
);

/** Rows without what sequences give, with the document of each: the same for every way that leads to the end. */
export const crowdSql = `SELECT c.email, c.name, c.size, b.email AS boss, p.document_id FROM clients c LEFT JOIN clients b ON b.id = c.boss
  FULL JOIN ctb_data.imo_promotions p ON p.row_key = c.id::text ORDER BY c.email, p.document_id`;
