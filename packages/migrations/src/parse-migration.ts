import type { ParsedMigration } from "./migration-file.ts";

export async function parseMigration(
  _text: string | Uint8Array,
  _file: string,
): Promise<ParsedMigration> {
  await Promise.reject(new Error("not yet"));
  throw new Error("not yet");
}
