import { inspect } from "node:util";
import { type BlueprintRow, Client, type ClientRow, type ImoProcessRow } from "@ctb-data/models";
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
    `${await clients.count()} clients, ${await clients.count({ email: null })} without an e-mail address:`,
  );
  say("the file has none, and nothing is made up.");
}

/** Asks through Kysely, over the same connections: how many companies each load brought. */
export async function queryKysely(db: Postgres): Promise<void> {
  const rows = await db
    .kysely<Database>()
    .selectFrom("imo_processes as process")
    .innerJoin("blueprints as blueprint", "blueprint.id", "process.blueprint_id")
    .select([
      sql<string>`blueprint.config ->> 'sector'`.as("sector"),
      sql<number>`jsonb_array_length(process.output_stage -> 'clients')`.as("companies"),
      "process.status",
    ])
    .orderBy("companies", "desc")
    .execute();
  sayTable(
    ["sector", "companies", "load"],
    rows.map(({ sector, companies, status }) => [sector, String(companies), status ?? ""]),
  );
}

/** The tables for Kysely, by the rows of the models. */
interface Database {
  readonly clients: Required<ClientRow>;
  readonly blueprints: Required<BlueprintRow>;
  readonly imo_processes: Required<ImoProcessRow>;
}
