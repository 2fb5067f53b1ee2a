/** A number that no double and no bigint holds: what `JSON.rawJSON` returns. `JSON.stringify` prints it as it is. */
export interface RawJson {
  readonly rawJSON: string;
}

/**
 * Data of a `json` or `jsonb` column. An integer beyond 2^53 is a bigint, any other number that a double does not hold
 * is a {@link RawJson}; every other number is a number.
 */
export type Json =
  | null
  | boolean
  | number
  | bigint
  | string
  | RawJson
  | readonly Json[]
  | { readonly [key: string]: Json };

export type JsonObject = { readonly [key: string]: Json };

/** The JSON value null in a column, which is not SQL's NULL. Only at the top: inside of data it is `null`. */
export const jsonNull: RawJson = { rawJSON: "null" };
