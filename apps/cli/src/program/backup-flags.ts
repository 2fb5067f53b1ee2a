import { type Command, Option } from "@commander-js/extra-typings";
import type { ProgramParts } from "../program.ts";
import { collect } from "./parse-option.ts";

/** What the commands of `backup` are added to. */
export interface BackupParts extends ProgramParts {
  readonly group: Command;
}

/** The flags that several commands of the group take. */
export const backupFlags = {
  storage: [
    "--storage <place>",
    "where the backups are: a folder, s3://bucket/prefix, or local",
  ] as const,
  identity: [
    "--identity <file>",
    "the file of a secret key that opens the backup; may be given again",
    collect,
  ] as const,
  signingKey: ["--signing-key <file>", "the file of the minisign secret key that signs"] as const,
  yes: ["-y, --yes", "do not ask"] as const,
};

/** `--only postgres | firestore` */
export function onlyOption(about: string) {
  return new Option("--only <store>", about).choices(["postgres", "firestore"] as const);
}
