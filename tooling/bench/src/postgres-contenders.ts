import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Client } from "@ctb-data/models";
import { openPostgres } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import { EntitySchema, MikroORM } from "@mikro-orm/postgresql";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { pgTable, serial, timestamp, varchar } from "drizzle-orm/pg-core";
import { type Generated, Kysely, PostgresDialect } from "kysely";
import { Pool } from "pg";
import { from as copyFrom } from "pg-copy-streams";

/** What is written in the benches: the seed's `clients`, without the columns that have a default. */
export interface NewClient {
  readonly name: string;
  readonly email: string;
}

/** One way to talk to the table `clients`. Bulk work is optional: not every library has it. */
export interface Access {
  readonly name: string;
  /** Writes one row and reads it back by its key. */
  readonly roundTrip: (client: NewClient) => Promise<unknown>;
  readonly insertMany: (clients: readonly NewClient[]) => Promise<unknown>;
  /** Reads the rows with an id of at most `limit`. */
  readonly readMany: (limit: number) => Promise<readonly unknown[]>;
  readonly copy?: (clients: Iterable<NewClient>) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** Everyone has one connection, so that nobody wins by using more. */
export async function openContenders(url: string, registry: Registry): Promise<readonly Access[]> {
  return [
    rawPg(url),
    await ctbData(url, registry),
    await mikroOrm(url),
    kyselyAlone(url),
    drizzleAlone(url),
  ];
}

function rawPg(url: string): Access {
  const pool = new Pool({ connectionString: url, max: 1 });
  const insert = {
    name: "i",
    text: "INSERT INTO clients (name, email) VALUES ($1, $2) RETURNING *",
  };
  const select = { name: "s", text: "SELECT * FROM clients WHERE id = $1" };
  return {
    name: "raw pg",
    roundTrip: async ({ name, email }) => {
      const { rows } = await pool.query<{ id: number }>({ ...insert, values: [name, email] });
      return await pool.query({ ...select, values: [rows[0]?.id] });
    },
    insertMany: async (clients) =>
      await pool.query(
        "INSERT INTO clients (name, email) SELECT * FROM unnest($1::text[], $2::text[]) RETURNING *",
        [clients.map(({ name }) => name), clients.map(({ email }) => email)],
      ),
    readMany: async (limit) =>
      (await pool.query("SELECT * FROM clients ORDER BY id LIMIT $1", [limit])).rows,
    copy: async (clients) => await copyPreparedText(pool, clients),
    close: async () => await pool.end(),
  };
}

/** The floor for COPY: the text is made before, all that is timed is the network and the server. */
async function copyPreparedText(pool: Pool, clients: Iterable<NewClient>): Promise<void> {
  const connection = await pool.connect();
  try {
    const stream = connection.query(copyFrom("COPY clients (name, email) FROM STDIN"));
    await pipeline(Readable.from(preparedText(clients)), stream);
  } finally {
    connection.release();
  }
}

const prepared = new WeakMap<object, readonly Buffer[]>();

/** The COPY text in chunks of 64 KiB, made once for each set of rows. */
export function preparedText(clients: Iterable<NewClient>): readonly Buffer[] {
  const known = prepared.get(clients);
  if (known !== undefined) {
    return known;
  }
  const chunks: Buffer[] = [];
  let text = "";
  for (const { name, email } of clients) {
    text += `${name}\t${email}\n`;
    if (text.length >= 65_536) {
      chunks.push(Buffer.from(text));
      text = "";
    }
  }
  chunks.push(Buffer.from(text));
  prepared.set(clients, chunks);
  return chunks;
}

async function ctbData(url: string, registry: Registry): Promise<Access> {
  const db = await openPostgres({ url, registry, poolSize: 1 });
  const clients = db.table(Client);
  return {
    name: "ctb-data",
    roundTrip: async (client) => await clients.get((await clients.insert(client)).id),
    insertMany: async (rows) => await clients.insert(rows),
    readMany: async (limit) => await clients.find({}, { orderBy: { id: "asc" }, limit }),
    copy: async (rows) => await db.copyIn(Client, rows, { columns: ["name", "email"] }),
    close: async () => await db.close(),
  };
}

interface ClientEntity {
  id: number;
  name: string;
  email: string | null;
  created_at: Date | null;
}

async function mikroOrm(url: string): Promise<Access> {
  const schema = new EntitySchema<ClientEntity>({
    name: "Client",
    tableName: "clients",
    properties: {
      id: { type: "integer", primary: true, autoincrement: true },
      name: { type: "string" },
      email: { type: "string", nullable: true },
      created_at: {
        type: "datetime",
        fieldName: "created_at",
        nullable: true,
        defaultRaw: "now()",
      },
    },
  });
  const orm = await MikroORM.init({ clientUrl: url, entities: [schema], pool: { min: 1, max: 1 } });
  return {
    name: "MikroORM",
    roundTrip: async (client) => {
      const em = orm.em.fork();
      const entity = em.create(schema, { ...client, created_at: null }, { partial: true });
      await em.persist(entity).flush();
      return await orm.em.fork().findOne(schema, entity.id);
    },
    insertMany: async (rows) =>
      await orm.em.fork().insertMany(
        schema,
        rows.map((row) => ({ ...row })),
      ),
    readMany: async (limit) =>
      await orm.em.fork().find(schema, {}, { orderBy: { id: "asc" }, limit }),
    close: async () => await orm.close(),
  };
}

interface KyselyDatabase {
  clients: {
    id: Generated<number>;
    name: string;
    email: string | null;
    created_at: Generated<Date | null>;
  };
}

function kyselyAlone(url: string): Access {
  const db = new Kysely<KyselyDatabase>({
    dialect: new PostgresDialect({ pool: new Pool({ connectionString: url, max: 1 }) }),
  });
  return {
    name: "Kysely",
    roundTrip: async (client) => {
      const { id } = await db
        .insertInto("clients")
        .values(client)
        .returningAll()
        .executeTakeFirstOrThrow();
      return await db.selectFrom("clients").selectAll().where("id", "=", id).executeTakeFirst();
    },
    insertMany: async (rows) =>
      await db.insertInto("clients").values(rows).returningAll().execute(),
    readMany: async (limit) =>
      await db.selectFrom("clients").selectAll().orderBy("id").limit(limit).execute(),
    close: async () => await db.destroy(),
  };
}

function drizzleAlone(url: string): Access {
  const pool = new Pool({ connectionString: url, max: 1 });
  const db = drizzle(pool);
  const clients = pgTable("clients", {
    id: serial().primaryKey(),
    name: varchar({ length: 255 }).notNull(),
    email: varchar({ length: 255 }),
    created_at: timestamp().defaultNow(),
  });
  return {
    name: "Drizzle",
    roundTrip: async (client) => {
      const [row] = await db.insert(clients).values(client).returning();
      return await db
        .select()
        .from(clients)
        .where(eq(clients.id, row?.id ?? 0));
    },
    insertMany: async (rows) =>
      await db
        .insert(clients)
        .values([...rows])
        .returning(),
    readMany: async (limit) => await db.select().from(clients).orderBy(clients.id).limit(limit),
    close: async () => await pool.end(),
  };
}
