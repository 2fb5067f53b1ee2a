import type { KeysReport } from "@ctb-data/backup";
import { keyFilesOf, type KeyFlags, loadBackupKeys } from "../backup/backup-keys.ts";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import type { Channel } from "../terminal/terminal.ts";
import { wrapText } from "../terminal/wrap-text.ts";

/** `ctb-data backup keys verify` */
export async function backupKeysVerify(
  context: CommandContext,
  flags: KeyFlags,
): Promise<ExitCode> {
  const { terminal } = context;
  const { settings } = await context.settings();
  const keys = await loadBackupKeys(context, settings, { ...flags, withIdentities: true });
  const { verifyKeys } = await import("@ctb-data/backup");
  const report = await verifyKeys({
    recipients: settings.BACKUP_RECIPIENTS ?? [],
    identities: keys.identities,
    signingKey: keys.signingKey,
    publicKeys: keys.trustedKeys,
    files: keyFilesOf(context, settings, flags),
  });
  if (terminal.json) {
    printJson(terminal, report);
  } else {
    sayReport(terminal.out, report);
  }
  return report.ok ? exitCode.done : exitCode.different;
}

function sayReport(out: Channel, { recipients, unused, signing, problems, ok }: KeysReport): void {
  for (const { recipient, opened } of recipients) {
    const text = opened
      ? `${out.paint("green", "✓")} opened by an identity that is here: ${recipient}`
      : `${out.paint("dim", "·")} its identity is not here: ${recipient}`;
    out.line(wrapText(text, out.columns, "  "));
  }
  for (const recipient of unused) {
    const text = `${out.paint("dim", "·")} an identity that nothing is encrypted to: ${recipient}`;
    out.line(wrapText(text, out.columns, "  "));
  }
  if (signing !== null) {
    const mark = signing.trusted ? out.paint("green", "✓") : out.paint("red", "✗");
    out.line(wrapText(`${mark} signs as ${signing.publicKey}`, out.columns, "  "));
  }
  for (const { severity, message, hint } of problems) {
    const mark = severity === "error" ? out.paint("red", "✗") : out.paint("yellow", "!");
    out.line(wrapText(`${mark} ${message} ${hint}`, out.columns, "  "));
  }
  out.line(ok ? "The keys work." : `${countOf(problems.length, "problem")}.`);
  if (ok && signing !== null) {
    sayNext(out, "ctb-data backup create --verify");
  }
}
