import { holdConnection, type HeldConnection, type Postgres } from "@ctb-data/postgres";

/** A record that wants its key. */
export interface KeyClaim {
  /** Of its document. */
  readonly id: string;
  readonly line: number;
  /** Of what it says. */
  readonly hash: string;
}

/** The record that had the key before. */
export type KeyHolder = Pick<KeyClaim, "line" | "hash">;

const create = `
CREATE TEMPORARY TABLE ctb_intake_keys (id bytea PRIMARY KEY, line bigint NOT NULL, hash bytea NOT NULL);
SET enable_seqscan = off`;

/** The inner select looks each key up by the index, however little is known of the table; it sees none of what this statement adds. */
const claim = `
WITH claims AS (
  SELECT decode(id, 'hex') AS id, line, decode(hash, 'hex') AS hash
  FROM unnest($1::text[], $2::bigint[], $3::text[]) AS given (id, line, hash)
), added AS (
  INSERT INTO pg_temp.ctb_intake_keys SELECT id, line, hash FROM claims ON CONFLICT (id) DO NOTHING
)
SELECT encode(claims.id, 'hex') AS id, holder.line, encode(holder.hash, 'hex') AS hash
FROM claims CROSS JOIN LATERAL (
  SELECT line, hash FROM pg_temp.ctb_intake_keys AS known WHERE known.id = claims.id LIMIT 1
) AS holder`;

interface HolderRow {
  readonly id: string;
  readonly line: bigint;
  readonly hash: string;
}

/** Which record of a file had a key first: in a temporary table, so that a file of any size takes no memory here. */
export class KeyLedger implements AsyncDisposable {
  readonly #held: HeldConnection;
  readonly #signal: AbortSignal | undefined;

  private constructor(held: HeldConnection, signal: AbortSignal | undefined) {
    this.#held = held;
    this.#signal = signal;
  }

  /** @throws {PostgresError} */
  static async open(postgres: Postgres, signal: AbortSignal | undefined): Promise<KeyLedger> {
    const held = await holdConnection(postgres, signal);
    try {
      for (const statement of create.split(";")) await held.connection.query(statement);
    } catch (error) {
      await held.release();
      throw error;
    }
    return new KeyLedger(held, signal);
  }

  /**
   * Gives each key to the first that asks for it.
   *
   * @param claims in the order of their lines.
   * @returns for each the record that had its key before; undefined for one that has it now.
   * @throws {PostgresError}
   */
  async claim(claims: readonly KeyClaim[]): Promise<readonly (KeyHolder | undefined)[]> {
    const firsts = new Map<string, KeyClaim>();
    for (const one of claims) if (!firsts.has(one.id)) firsts.set(one.id, one);
    const earlier = await this.#claimed([...firsts.values()]);
    return claims.map((one) => {
      const first = firsts.get(one.id);
      return earlier.get(one.id) ?? (first === one ? undefined : first);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.release();
  }

  async #claimed(claims: readonly KeyClaim[]): Promise<ReadonlyMap<string, KeyHolder>> {
    if (claims.length === 0) return new Map();
    const { rows } = await this.#held.connection.query<HolderRow>(
      claim,
      [claims.map(({ id }) => id), claims.map(({ line }) => line), claims.map(({ hash }) => hash)],
      this.#signal && { signal: this.#signal },
    );
    return new Map(rows.map(({ id, line, hash }) => [id, { line: Number(line), hash }]));
  }
}
