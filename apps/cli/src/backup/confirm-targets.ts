import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import { targetText } from "../project/target-text.ts";
import { confirm } from "../terminal/prompt.ts";
import type { StoreTarget } from "./open-backup-stores.ts";

interface TargetConfirmation {
  readonly targets: readonly StoreTarget[];
  /** What is about to happen: full sentences. */
  readonly warning: string;
  /** What `--target` says. */
  readonly named: readonly string[];
  readonly yes: boolean;
}

/**
 * Returns when each target was named by the user: typed on a terminal, or with `--yes` by `--target`. A `.env` that points somewhere
 * else than one thinks is found out here.
 *
 * @throws {CliError} CONFIRMATION_NEEDED, DECLINED
 */
export async function confirmTargets(
  { terminal, signal }: CommandContext,
  { targets, warning, named, yes }: TargetConfirmation,
): Promise<void> {
  const unknown = named.find((name) => targets.every((target) => target.name !== name));
  const unnamed = targets.filter(({ name }) => !named.includes(name));
  if (unknown !== undefined) {
    throw new CliError(
      "CONFIRMATION_NEEDED",
      `--target names ${unknown}, and this would restore into ${targets.map(targetText).join(" and ")}.`,
      { hint: "Check DATABASE_URL, FIREBASE_PROJECT_ID and FIRESTORE_EMULATOR_HOST." },
    );
  }
  if (yes && unnamed.length > 0) {
    throw new CliError(
      "CONFIRMATION_NEEDED",
      `Not confirmed: --yes needs the name of what is restored into. ${warning} It is ${unnamed.map(targetText).join(" and ")}.`,
      {
        hint: `If that is right: --yes ${targets.map(({ name }) => `--target ${name}`).join(" ")}`,
      },
    );
  }
  if (!yes && !terminal.canAsk) {
    throw new CliError("CONFIRMATION_NEEDED", `Not confirmed. ${warning}`, {
      hint: `Nobody can be asked here: give --yes ${targets.map(({ name }) => `--target ${name}`).join(" ")}, or --dry-run to see what would happen.`,
    });
  }
  for (const [index, target] of (yes ? [] : targets).entries()) {
    await confirm(terminal, {
      warning: `${index === 0 ? `${warning} ` : ""}It goes into ${targetText(target)}.`,
      question: "Is that right?",
      typed: target.name,
      yes,
      signal,
    });
  }
}
