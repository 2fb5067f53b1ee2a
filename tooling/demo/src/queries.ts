import { inspect } from "node:util";
import { type BlueprintRow, Client, type ClientRow } from "@ctb-data/models";
import type { Postgres } from "@ctb-data/postgres";
import { sql } from "kysely";
import { paint, say, sayTable } from "./console.ts";

/** Asks through the models: typed rows, values checked both ways. */
export async function queryModels(db: Postgres): Promise<void> {
  const clients = db.table(Client);
  const where = { name: { ilike: "%energy%" } };
  say(paint("cyan", `db.table(Client).find(${inspect(where)}, …)`));
  const found = await clients.find(where, { orderBy: { name: "asc" }, limit: 5 });
  for (const { id, name } of found) {
    say(`  ${String(id).padStart(3)}  ${name}`);
  }
  say(`  … of ${await clients.count(where)} that are called so`);
  const [first] = found;
  if (first !== undefined) {
    say(paint("cyan", "Client.toJson(found[0])"));
    say(JSON.stringify(Client.toJson(first), undefined, 2));
  }
  say(
    `${await clients.count()} clients, ${await clients.count({ created_at: null })} without a date.`,
  );
}

/** Asks through Kysely, over the same connections: how many companies each sector has. */
export async function queryKysely(db: Postgres): Promise<void> {
  const rows = await db
    .kysely<Database>()
    .selectFrom("blueprints as profile")
    .innerJoin("clients as client", "client.id", "profile.client_id")
    .select([
      sql<string>`profile.config ->> 'sector'`.as("sector"),
      sql<number>`count(*)::integer`.as("companies"),
      sql<string>`min(client.created_at)::date::text`.as("first"),
    ])
    .where("profile.blueprint_type", "=", "profile")
    .groupBy("sector")
    .orderBy("companies", "desc")
    .execute();
  sayTable(
    ["sector", "companies", "first joined"],
    rows.map(({ sector, companies, first }) => [sector, String(companies), first]),
  );
}

/** The tables for Kysely, by the rows of the models. */
interface Database {
  readonly clients: Required<ClientRow>;
  readonly blueprints: Required<BlueprintRow>;
}
