import type { QueryConfig } from "pg";
import { PostgresError } from "./postgres-error.ts";
import type { Statement } from "./store-sql.ts";

/** More different statements than this are not worth keeping in every session. */
const maxNames = 500;

/**
 * Names for statements that come again, so that each session parses them once. The same text has the same name in
 * every session; a text whose plan went stale gets another.
 */
export class PreparedStatements {
  readonly #names = new Map<string, string>();
  #count = 0;
  #enabled: boolean;

  /** Behind a pooler the next statement may meet a session that has never heard of the name. */
  constructor(enabled: boolean) {
    this.#enabled = enabled;
  }

  /** Runs a statement under its name; once more without it when the session does not know it any more. */
  async run<T>(
    statement: Statement,
    {
      inTransaction,
      run,
    }: { readonly inTransaction: boolean; readonly run: (config: QueryConfig) => Promise<T> },
  ): Promise<T> {
    const { text, values } = statement;
    const name = statement.varying === true ? undefined : this.#nameOf(text);
    if (name === undefined) return await run({ text, values });
    try {
      return await run({ name, text, values });
    } catch (error) {
      if (!this.#wentStale(error, text) || inTransaction) throw error;
      return await run({ text, values });
    }
  }

  #nameOf(text: string): string | undefined {
    if (!this.#enabled) return undefined;
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= maxNames) return known;
    const name = `ctb_${(this.#count += 1)}`;
    this.#names.set(text, name);
    return name;
  }

  #wentStale(error: unknown, text: string): boolean {
    if (!(error instanceof PostgresError)) return false;
    // "cached plan must not change result type": a column changed its type since the statement was prepared.
    if (error.sqlState === "0A000") return this.#names.delete(text);
    // The name is unknown, or somebody else's: a pooler that we did not recognise.
    if (error.sqlState !== "26000" && error.sqlState !== "42P05") return false;
    this.#enabled = false;
    return true;
  }
}
