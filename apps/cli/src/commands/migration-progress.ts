import type { MigrationEvent, MigrationProblem } from "@ctb-data/migrations";
import type { CommandContext } from "../command-context.ts";
import { durationText } from "../terminal/count-of.ts";
import { openProgress } from "../terminal/progress-bar.ts";

/** Tells what a runner does, as it does it. */
export interface MigrationProgress extends Disposable {
  readonly onProgress: (event: MigrationEvent) => void;
}

/** A line for each migration that is done, and a bar below them on a terminal. */
export async function migrationProgress(context: CommandContext): Promise<MigrationProgress> {
  const { terminal } = context;
  const progress = await openProgress(terminal);
  const { say, err } = terminal;
  const aside = (text: string): void => {
    progress.say(say === err ? text : say.paint("dim", text));
  };
  let started = false;
  let done = 0;
  const onProgress = (event: MigrationEvent): void => {
    switch (event.kind) {
      case "waiting":
        aside(waitingText(event));
        break;
      case "started":
        if (!started) {
          progress.start(event.count);
          started = true;
        }
        progress.update(done, event.migration.name);
        break;
      case "statement":
        progress.update(done, `${event.migration.name} ${event.statement}/${event.statements}`);
        break;
      case "retrying":
        aside(
          `${event.migration.name}: its tables are in use (${event.sqlState}); try ${event.attempt + 1} in ${durationText(event.delayMs)}.`,
        );
        break;
      case "notice":
        aside(`${event.migration.name}: ${event.severity}: ${event.message}`);
        break;
      case "warning":
        context.warn(problemText(event.problem));
        break;
      case "finished": {
        done += 1;
        const mark = say.paint("green", event.direction === "up" ? "✓" : "↩");
        progress.say(
          `${mark} ${event.migration.name} ${say.paint("dim", durationText(event.durationMs))}`,
        );
        progress.update(done, "");
        break;
      }
    }
  };
  return {
    onProgress,
    [Symbol.dispose]: () => {
      progress[Symbol.dispose]();
    },
  };
}

/** A problem in one or two sentences: what, and what to do. */
export function problemText(problem: MigrationProblem): string {
  return problem.hint === "" ? problem.message : `${problem.message} ${problem.hint}`;
}

function waitingText({ holder, waitedMs }: MigrationEvent & { kind: "waiting" }): string {
  const who =
    holder === undefined ? "another runner" : `process ${holder.pid} (${holder.application})`;
  return `Waiting for ${who}, which is migrating this database: ${durationText(waitedMs)} so far.`;
}
