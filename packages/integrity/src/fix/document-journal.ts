import type { Connection } from "@ctb-data/postgres";
import type { DocumentJournal, KeptDocument } from "../documents/repair-documents.ts";
import { quarantineTable } from "./fix-tables.ts";

/** Keeps documents in the quarantine, each under the step of its finding, committed before they are written. */
export function documentJournal(
  connection: Connection,
  { run, stepOf }: { readonly run: string; readonly stepOf: ReadonlyMap<string, number> },
): DocumentJournal {
  return {
    keep: async (documents) => {
      const column = (valueOf: (kept: KeptDocument) => string | null): readonly (string | null)[] =>
        documents.map(valueOf);
      await connection.query(
        `INSERT INTO ${quarantineTable} (run, step, store, place, key, action, why, old_document, new_document)
        SELECT $1, d.step, 'firestore', d.place, pg_catalog.jsonb_build_object('path', d.path), d.action, d.why, d.old, d.new
        FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) d (step, place, path, action, why, old, new)`,
        [
          run,
          documents.map(({ finding }) => stepOf.get(finding) ?? 0),
          column(({ collection }) => collection),
          column(({ path }) => path),
          column(({ action }) => action),
          column(({ why }) => why),
          column(({ oldDocument }) => oldDocument),
          column(({ newDocument }) => newDocument),
        ],
      );
    },
    forget: async (documents) => {
      await connection.query(
        `DELETE FROM ${quarantineTable} WHERE run = $1 AND store = 'firestore' AND restored_at IS NULL AND key ->> 'path' = ANY ($2::text[])
          AND step = ANY ($3::integer[])`,
        [run, documents.map(({ path }) => path), [...stepOf.values()]],
      );
    },
  };
}
