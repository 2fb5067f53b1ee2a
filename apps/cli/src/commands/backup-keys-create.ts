import { existsSync } from "node:fs";
import { appendFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { CreatedKeys } from "@ctb-data/backup";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import { type LoadedSettings, settingPath } from "../config/load-settings.ts";
import type { SettingName } from "../config/settings.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { readIfThere } from "../project/read-if-there.ts";
import { shownPath } from "../project/shown-path.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import type { Channel } from "../terminal/terminal.ts";
import { wrapText } from "../terminal/wrap-text.ts";

interface CreateKeysFlags {
  readonly dir: string;
  readonly save?: true | undefined;
}

/** `ctb-data backup keys create` */
export async function backupKeysCreate(
  context: CommandContext,
  flags: CreateKeysFlags,
): Promise<ExitCode> {
  const { terminal } = context;
  const loaded = await context.settings();
  if (flags.save === true) {
    refuseOthers(loaded);
  }
  const dir = settingPath(context.dir, flags.dir);
  const isNew = !existsSync(dir);
  const { createKeys } = await import("@ctb-data/backup");
  const keys = await createKeys({ dir });
  if (isNew) {
    // Secret keys must not be committed, whatever the project's own .gitignore says.
    await writeFile(join(dir, ".gitignore"), "*\n");
  }
  const variables = variablesOf(context, keys);
  if (flags.save === true) {
    await save(join(context.dir, ".env"), variables);
  }
  if (terminal.json) {
    const { files, recipients, publicKey } = keys;
    printJson(terminal, { files, recipients, publicKey, variables, saved: flags.save === true });
  } else {
    sayKeys(terminal.out, keys, { variables, saved: flags.save === true });
  }
  return exitCode.done;
}

const saved = [
  "BACKUP_RECIPIENTS",
  "BACKUP_SIGNING_KEY_PATH",
  "BACKUP_PUBLIC_KEY",
  "BACKUP_IDENTITY_PATH",
] as const satisfies readonly SettingName[];

/** @throws {CliError} USAGE when other keys are set already: whoever replaces them should know what they do. */
function refuseOthers({ given }: LoadedSettings): void {
  for (const name of saved) {
    const { origin } = given.get(name) ?? {};
    if (origin !== undefined) {
      throw new CliError("USAGE", `${name} is set already (from ${origin}).`, {
        hint: "Old backups need their old keys. Without --save the new settings are only printed.",
      });
    }
  }
}

type Variables = Readonly<Record<(typeof saved)[number], string>>;

function variablesOf(
  { dir }: CommandContext,
  { recipients, publicKey, files }: CreatedKeys,
): Variables {
  const pathOf = (path: string): string => {
    const short = relative(dir, path);
    return short.startsWith("..") ? path : short;
  };
  return {
    BACKUP_RECIPIENTS: recipients.join(","),
    BACKUP_SIGNING_KEY_PATH: pathOf(files.signingKey),
    BACKUP_PUBLIC_KEY: publicKey,
    BACKUP_IDENTITY_PATH: pathOf(files.identity),
  };
}

function linesOf(variables: Variables): readonly string[] {
  // In quotes: base64 may end in `=`, and a path may have spaces.
  return Object.entries(variables).map(([name, value]) =>
    /^[\w./,-]+$/u.test(value) ? `${name}=${value}` : `${name}="${value}"`,
  );
}

async function save(envFile: string, variables: Variables): Promise<void> {
  const there = (await readIfThere(envFile)) ?? "";
  const gap = there === "" || there.endsWith("\n") ? "" : "\n";
  await appendFile(envFile, `${gap}${linesOf(variables).join("\n")}\n`, { mode: 0o600 });
}

function sayKeys(
  out: Channel,
  { files }: CreatedKeys,
  options: { readonly variables: Variables; readonly saved: boolean },
): void {
  const facts = [
    [files.identity, "opens backups, for restores and drills: only where those are done"],
    [files.recoveryIdentity, "opens every backup too: MOVE IT OFF this machine, and keep it safe"],
    [files.signingKey, "signs backups: stays where they are made"],
    [files.publicKey, "its public key: compare signatures with it elsewhere"],
  ] as const;
  for (const [path, about] of facts) {
    out.line(out.paint("bold", shownPath(path)));
    out.line(wrapText(`  ${about}`, out.columns, "  "));
  }
  out.line("Who loses both keys that open backups has lost the backups.");
  out.line();
  out.line(
    out.paint("dim", options.saved ? "# added to .env" : "# for .env; or let --save add them"),
  );
  for (const line of linesOf(options.variables)) {
    // Whole, to be pasted.
    out.write(`${line}\n`);
  }
  out.line();
  sayNext(out, options.saved ? "ctb-data backup create --verify" : "ctb-data backup keys verify");
}
