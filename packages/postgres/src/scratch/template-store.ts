import { setTimeout as sleep } from "node:timers/promises";
import { PostgresError } from "../postgres-error.ts";
import { quoteIdentifier, quoteLiteral } from "../quote-identifier.ts";
import type { AdminSession } from "./admin-session.ts";
import { createDatabase, dropDatabase, terminateSql } from "./create-database.ts";
import {
  copyDatabaseSettings,
  readDatabaseSettings,
  type DatabaseSetting,
} from "./database-settings.ts";
import { connectScratchClient, urlOfDatabase } from "./scratch-client.ts";
import { buildLockClass, lockKey, templateName } from "./scratch-name.ts";

/** What a template has, and how it comes there. */
export interface TemplateContent {
  /** The same for the same content: a hash of everything that decides about it. User and version of the server come in by themselves. */
  readonly key: string;
  /** Fills a new database. It may run in another process than the one that uses the template. What it throws is thrown as it is. */
  readonly build: (url: string) => Promise<void>;
}

/** A template that is whole. */
interface KnownTemplate {
  readonly name: string;
  readonly settings: readonly DatabaseSetting[];
}

/** Form of what is built here; another number leaves old templates to the sweep. */
const form = "1";
/** So often is written down that a template is in use. */
const noteEveryMs = 600_000;

/**
 * The templates of a server, each built once by whoever comes first. It is built in a database of the builder, whose name becomes
 * that of the template when it is whole: a crash leaves what a sweep knows as a dead process' own.
 */
export class TemplateStore {
  readonly #admin: AdminSession;
  readonly #known = new Map<string, Promise<KnownTemplate>>();

  constructor(admin: AdminSession) {
    this.#admin = admin;
  }

  /** Sees to it that there is such a template. @throws {PostgresError} and what `build` throws. */
  async ensure(content: TemplateContent): Promise<KnownTemplate> {
    const name = this.#nameOf(content);
    const known = this.#known.get(name) ?? this.#find(name, content);
    this.#known.set(name, known);
    try {
      return await known;
    } catch (error) {
      if (this.#known.get(name) === known) this.#known.delete(name);
      throw error;
    }
  }

  /** Makes a database from it and gives its name. A template that was swept meanwhile is built again. */
  async clone(content: TemplateContent, lane: "now" | "later" = "now"): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      const { name, settings } = await this.ensure(content);
      try {
        const database = await createDatabase(this.#admin, { template: name, lane });
        await copyDatabaseSettings(this.#admin, database, settings);
        return database;
      } catch (error) {
        const gone = error instanceof PostgresError && error.code === "DATABASE_NOT_FOUND";
        if (!gone || attempt > 3) throw error;
        this.#known.delete(name);
      }
    }
  }

  #nameOf({ key }: TemplateContent): string {
    const { user, version } = this.#admin.facts;
    // What it has belongs to its user: another one could not use it.
    return templateName([form, user, version, key]);
  }

  async #find(name: string, content: TemplateContent): Promise<KnownTemplate> {
    const found = await this.#noteUse(name);
    if (!found) await this.#buildAlone(name, content);
    return { name, settings: await readDatabaseSettings(this.#admin, name) };
  }

  /** Whether there is such a template. Writes down that it is in use: those that are not are swept. */
  async #noteUse(name: string): Promise<boolean> {
    const [found] = await this.#admin.run<{ note: string | null }>(
      `SELECT shobj_description(oid, 'pg_database') AS note FROM pg_database
        WHERE datname = ${quoteLiteral(name)} AND datistemplate`,
    );
    if (found === undefined) return false;
    const used = Date.parse(found.note ?? "");
    // Another process may write at the same moment, which is as good.
    if (!(Date.now() - used < noteEveryMs)) await this.#admin.run(useNote(name)).catch(() => []);
    return true;
  }

  /** Under a lock of its own session: waiting must not keep others from making databases. */
  async #buildAlone(name: string, content: TemplateContent): Promise<void> {
    const client = await connectScratchClient(this.#admin.url);
    try {
      await client.query(
        "SET statement_timeout = 0; SET lock_timeout = 0; SET tcp_keepalives_idle = 30",
      );
      await client.query(`SELECT pg_advisory_lock(${buildLockClass}, ${lockKey(name)})`);
      if (!(await this.#noteUse(name))) await this.#build(name, content);
    } finally {
      await client.end();
    }
  }

  async #build(name: string, content: TemplateContent): Promise<void> {
    const draft = content === compact ? await createDatabase(this.#admin) : await this.empty();
    try {
      const url = urlOfDatabase(this.#admin.url, draft);
      await content.build(url);
      await warmUp(url);
      await this.#seal(draft, name);
    } catch (error) {
      await dropDatabase(this.#admin, draft).catch(() => {});
      throw error;
    }
  }

  /** Makes a database without content; where everything is for tests only, from one that is smaller than `template1`. */
  async empty(lane: "now" | "later" = "now"): Promise<string> {
    return this.#admin.facts.unsafe
      ? await this.clone(compact, lane)
      : await createDatabase(this.#admin, { lane });
  }

  /** From here on nobody connects to it, and it has its name. */
  async #seal(draft: string, name: string): Promise<void> {
    const quoted = quoteIdentifier(draft);
    await this.#admin.run(`ALTER DATABASE ${quoted} WITH ALLOW_CONNECTIONS false`);
    for (let attempt = 1; ; attempt += 1) {
      await this.#admin.run(terminateSql(draft)).catch(() => []);
      try {
        await this.#admin.run(
          // Sent together, they are one transaction.
          `ALTER DATABASE ${quoted} WITH IS_TEMPLATE true; ${useNote(draft)};
            ALTER DATABASE ${quoted} RENAME TO ${quoteIdentifier(name)}`,
        );
        return;
      } catch (error) {
        if (!(error instanceof PostgresError)) throw error;
        // Another process, whose lock is in another database, was faster.
        if (error.sqlState === "42P04") return await dropDatabase(this.#admin, draft);
        if (error.sqlState !== "55006" || attempt > 20) throw error;
        await sleep(25);
      }
    }
  }
}

/**
 * `template1` with its catalogs packed: a quarter fewer files, so a tenth less time for every clone. What is put into `template1`
 * after this was made is not in it.
 */
const compact: TemplateContent = {
  key: "compact template1",
  build: async (url) => {
    const client = await connectScratchClient(url);
    try {
      await client.query("VACUUM FULL");
    } finally {
      await client.end();
    }
  },
};

/** The first session writes a file with what every session reads first; clones have it then. */
async function warmUp(url: string): Promise<void> {
  const client = await connectScratchClient(url);
  await client.end();
}

function useNote(name: string): string {
  return `COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${quoteLiteral(new Date().toISOString())}`;
}
