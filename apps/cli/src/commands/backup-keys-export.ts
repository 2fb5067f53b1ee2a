import { type KeyFlags, loadBackupKeys } from "../backup/backup-keys.ts";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { printJson } from "../terminal/print-json.ts";

interface ExportFlags extends KeyFlags {
  readonly format: "env" | "yaml";
}

/** `ctb-data backup keys export` */
export async function backupKeysExport(
  context: CommandContext,
  flags: ExportFlags,
): Promise<ExitCode> {
  const { terminal } = context;
  const { settings } = await context.settings();
  const keys = await loadBackupKeys(context, settings, { ...flags, withIdentities: true });
  const { exportKeys } = await import("@ctb-data/backup");
  const { recipients, publicKeys, env, yaml } = exportKeys({
    recipients: settings.BACKUP_RECIPIENTS ?? [],
    publicKeys: keys.trustedKeys,
    identities: keys.identities,
    signingKey: keys.signingKey,
  });
  if (recipients.length + publicKeys.length === 0) {
    throw new CliError("NOT_FOUND", "There are no keys to export.", {
      hint: "Make some: ctb-data backup keys create, or name their files with --identity and --signing-key.",
    });
  }
  if (terminal.json) {
    printJson(terminal, { recipients, publicKeys });
  } else {
    terminal.out.write(flags.format === "env" ? env : yaml);
  }
  return exitCode.done;
}
