import type { Manifest } from "@ctb-data/backup";
import { bytesText } from "../terminal/bytes-text.ts";
import { countOf } from "../terminal/count-of.ts";
import { printable } from "../terminal/printable.ts";
import { renderTable, type TableContent } from "../terminal/table.ts";
import type { Channel } from "../terminal/terminal.ts";
import { wrapText } from "../terminal/wrap-text.ts";

/** Says what a backup holds: tables, collections, what changed while it was made, and what it does not hold. */
export function sayManifest(out: Channel, { postgres, firestore, pairing }: Manifest): void {
  if (pairing !== null) {
    sayChanged(out, pairing);
  }
  if (postgres !== null) {
    sayPostgres(out, postgres);
  }
  if (firestore !== null) {
    sayFirestore(out, firestore);
  }
}

function sayChanged(
  out: Channel,
  { changedRows, changedDocuments }: NonNullable<Manifest["pairing"]>,
): void {
  for (const [table, count] of Object.entries(changedRows.tables)) {
    sayNote(out, `between the two: ${countOf(count, "row")} of ${table}`);
  }
  if (changedDocuments.examples.length > 0) {
    sayNote(out, `between the two: ${changedDocuments.examples.join(", ")}`);
  }
  for (const why of [changedRows.why, changedDocuments.why]) {
    if (why !== null) {
      sayNote(out, why);
    }
  }
}

function sayPostgres(out: Channel, postgres: NonNullable<Manifest["postgres"]>): void {
  out.line();
  out.line(
    `${out.paint("bold", "PostgreSQL")} ${printable(postgres.database)} ${postgres.serverVersion}, as of ${postgres.snapshotAt}; schema from ${postgres.schemaSource}.`,
  );
  if (postgres.tables.length > 0) {
    out.line(
      renderTable(out, {
        columns: [
          { title: "table", wraps: true },
          { title: "rows", align: "right" },
          { title: "size", align: "right", dropOrder: 1 },
          { title: "parts", align: "right", dropOrder: 2 },
        ],
        rows: postgres.tables.map(({ schema, name, rows, parts }) => [
          printable(`${schema}.${name}`),
          rows.toLocaleString("en-US"),
          bytesText(parts.reduce((sum, { plainBytes }) => sum + plainBytes, 0)),
          String(parts.length),
        ]),
      }),
    );
  }
  out.line(
    `${countOf(postgres.tables.length, "table")}, ${countOf(postgres.sequences.length, "sequence")}.`,
  );
}

function sayFirestore(out: Channel, firestore: NonNullable<Manifest["firestore"]>): void {
  out.line();
  out.line(
    `${out.paint("bold", "Firestore")} ${firestore.projectId}/${firestore.databaseId}, as of ${firestore.readTime}.`,
  );
  const collections = Object.entries(firestore.collections);
  const content: TableContent = {
    columns: [
      { title: "collection", wraps: true },
      { title: "documents", align: "right" },
    ],
    rows: collections.map(([path, count]) => [printable(path), count.toLocaleString("en-US")]),
  };
  if (collections.length > 0) {
    out.line(renderTable(out, content));
  }
  const missing =
    firestore.missingParents === 0
      ? ""
      : `, ${countOf(firestore.missingParents, "missing parent")} with something below`;
  const files = firestore.files.map(({ name }) => name).join(", ");
  out.line(
    `${countOf(firestore.documents, "document")}${missing}${files === "" ? "" : `; ${files}`}.`,
  );
}

function sayNote(out: Channel, text: string): void {
  out.line(wrapText(`${out.paint("dim", "·")} ${printable(text)}`, out.columns, "  "));
}
