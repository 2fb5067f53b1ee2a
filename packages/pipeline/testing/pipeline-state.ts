import { readdir, readFile } from "node:fs/promises";
import { linesOf } from "./middle-state.ts";
import type { PipelineWorld } from "./pipeline-world.ts";

/** All that runs have made, without what differs from one run to another: serial ids and times. */
export interface PipelineState {
  readonly clients: readonly unknown[];
  /** Rows of `blueprints` that are no vendor blueprints, with the address of their client. */
  readonly profiles: readonly unknown[];
  /** Document by document: which row it was promoted to. */
  readonly promotions: readonly unknown[];
  /** Every document but for times; what it was promoted to by the client's address. */
  readonly documents: readonly string[];
  /** What is in the folder for files. */
  readonly files: Readonly<Record<string, string>>;
}

export async function pipelineState(world: PipelineWorld): Promise<PipelineState> {
  const clients = await world.postgres.query<Client>(
    `SELECT id::text, name, email, created_at::text FROM clients ORDER BY email COLLATE "C"`,
  );
  const profiles = await world.postgres.query<Profile>(
    `SELECT b.id::text, c.email, b.blueprint_type, b.config::text FROM blueprints b LEFT JOIN clients c ON c.id = b.client_id
     WHERE b.blueprint_type <> 'imo' ORDER BY c.email COLLATE "C", b.config::text COLLATE "C"`,
  );
  const named = namesOf(clients.rows, profiles.rows);
  const files: Record<string, string> = {};
  for (const name of await readdir(world.folder))
    files[name] = await readFile(world.at(name), "base64");
  return {
    clients: clients.rows.map(({ name, email, created_at }) => ({ name, email, created_at })),
    profiles: profiles.rows.map(({ email, blueprint_type, config }) => ({
      email,
      blueprint_type,
      config,
    })),
    promotions: await promotionsOf(world, named),
    documents: [...(await linesOf(world)).values()].map((line) =>
      named(
        line
          .replaceAll(world.firestore.raw.database, "@")
          .replace(/,"failed_at":\{"timestampValue":"[^"]*"\}/, ""),
      ),
    ),
    files,
  };
}

interface Client {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly created_at: string;
}

interface Profile {
  readonly id: string;
  readonly email: string;
  readonly blueprint_type: string;
  readonly config: string;
}

/** Says addresses where there were serial ids. */
function namesOf(
  clients: readonly Client[],
  profiles: readonly Profile[],
): (text: string) => string {
  const names = new Map<string, string>([
    ...clients.map(({ id, email }) => [`clients/${id}`, `clients/${email}`] as const),
    ...profiles.map(({ id, email }) => [`blueprints/${id}`, `blueprints/${email}`] as const),
  ]);
  return (text) =>
    text.replaceAll(/(?:clients|blueprints)\/\d+/g, (place) => names.get(place) ?? place);
}

async function promotionsOf(
  { postgres }: PipelineWorld,
  named: (text: string) => string,
): Promise<readonly unknown[]> {
  const { rows } = await postgres.query<{ readonly document: string; readonly row: string }>(
    `SELECT collection || '/' || document_id AS document, table_name || '/' || row_key AS row, encode(content_hash, 'hex') AS hash
     FROM ctb_data.imo_promotions ORDER BY collection COLLATE "C", document_id COLLATE "C"`,
  );
  return rows.map(({ row, ...rest }) => ({ ...rest, row: named(row) }));
}
