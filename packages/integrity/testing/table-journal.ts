import type { Postgres } from "@ctb-data/postgres";
import type { DocumentJournal } from "../src/documents/repair-documents.ts";
import type { RestorableDocument } from "../src/documents/restore-documents.ts";

/** Where the journal of tests is. */
export const plantedKeptTable = "public.planted_kept";

export async function createJournal(postgres: Postgres): Promise<void> {
  await postgres.query(
    `CREATE TABLE ${plantedKeptTable} (id integer GENERATED ALWAYS AS IDENTITY, path text, old text, new text, done boolean DEFAULT false)`,
  );
}

/** Keeps documents in a table. @param onStep is called before and behind each commit. */
export function tableJournal(postgres: Postgres, onStep: () => void): DocumentJournal {
  return {
    keep: async (documents) => {
      onStep();
      await postgres.query(
        `INSERT INTO ${plantedKeptTable} (path, old, new) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])`,
        [
          documents.map(({ path }) => path),
          documents.map(({ oldDocument }) => oldDocument),
          documents.map(({ newDocument }) => newDocument),
        ],
      );
      onStep();
    },
    forget: async (documents) => {
      await postgres.query(`DELETE FROM ${plantedKeptTable} WHERE path = ANY ($1)`, [
        documents.map(({ path }) => path),
      ]);
    },
  };
}

/** What is not put back yet, the last one first. */
export async function readKept(
  postgres: Postgres,
): Promise<readonly (RestorableDocument & { readonly id: number })[]> {
  const { rows } = await postgres.query<{
    readonly id: number;
    readonly path: string;
    readonly old: string | null;
    readonly new: string | null;
  }>(`SELECT id, path, old, new FROM ${plantedKeptTable} WHERE NOT done ORDER BY id DESC`);
  return rows.map((row) => ({
    id: row.id,
    path: row.path,
    oldDocument: row.old,
    newDocument: row.new,
  }));
}
