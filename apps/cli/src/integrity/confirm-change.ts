import type { StoreTarget } from "../backup/open-backup-stores.ts";
import type { CommandContext } from "../command-context.ts";
import { targetText } from "../project/target-text.ts";
import { confirm } from "../terminal/prompt.ts";

interface ChangeConfirmation {
  /** What is about to be changed. */
  readonly targets: readonly StoreTarget[];
  /** What is about to happen: full sentences. */
  readonly warning: string;
  readonly yes: boolean;
}

/**
 * Returns when the user has typed the name of each target, or gave `--yes`. A `.env` that points somewhere else than one thinks is
 * found out here.
 *
 * @throws {CliError} CONFIRMATION_NEEDED, DECLINED
 */
export async function confirmChange(
  { terminal, signal }: CommandContext,
  { targets, warning, yes }: ChangeConfirmation,
): Promise<void> {
  for (const [index, target] of targets.entries()) {
    await confirm(terminal, {
      warning: `${index === 0 ? `${warning} ` : ""}It changes ${targetText(target)}.`,
      question: "Is that right?",
      typed: target.name,
      yes,
      signal,
    });
  }
}
