import type { Json } from "./json.ts";

/** What a model holds for a column: the README's table of types says which for what. */
export type ModelValue =
  | null
  | number
  | bigint
  | string
  | Uint8Array
  | Json
  | readonly ModelValue[];
