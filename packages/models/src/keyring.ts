/** Where an encrypted value lives. */
export interface ColumnPlace {
  readonly table: string;
  readonly column: string;
}

export interface Keyring {
  /** The id of each key, newest first. */
  readonly keyIds: readonly string[];
}

export function parseKeyring(_text: string): Keyring {
  throw new Error("being built");
}
