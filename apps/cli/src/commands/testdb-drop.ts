import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { countOf } from "../terminal/count-of.ts";
import { printJson } from "../terminal/print-json.ts";
import { printable } from "../terminal/printable.ts";
import { confirm } from "../terminal/prompt.ts";
import { openTestServer, type TestServer } from "../testdb/open-test-server.ts";
import { dropTestDatabase, findTestDatabase, listTestDatabases } from "../testdb/test-databases.ts";
import { testFirestore } from "../testdb/test-variables.ts";

interface DropFlags {
  readonly name?: string | undefined;
  readonly all?: true | undefined;
  readonly dryRun?: true | undefined;
  readonly yes?: true | undefined;
}

/** `ctb-data testdb drop` */
export async function testdbDrop(context: CommandContext, flags: DropFlags): Promise<ExitCode> {
  const { terminal } = context;
  checkFlags(flags);
  const { settings } = await context.settings();
  await using server = await openTestServer(context, settings);
  const names =
    flags.name === undefined
      ? (await listTestDatabases(server.db)).map(({ name }) => name)
      : [(await findTestDatabase(server.db, flags.name)).name];
  const isDryRun = flags.dryRun === true;
  if (names.length > 0 && !isDryRun) {
    await confirm(terminal, {
      warning: `This drops ${countOf(names.length, "database")} of ${server.description}, with all that is in it: ${names.map(printable).join(", ")}.`,
      question: "Drop?",
      yes: flags.yes === true,
      signal: context.signal,
    });
  }
  for (const name of isDryRun ? [] : names) {
    context.signal.throwIfAborted();
    await drop(context, { server, settings, name });
  }
  if (terminal.json) {
    printJson(terminal, { server: server.db.description, dropped: names, dryRun: isDryRun });
    return exitCode.done;
  }
  const what = names.length === 0 ? "no test database" : names.map(printable).join(", ");
  terminal.out.line(
    isDryRun
      ? `Would drop ${what}. This was a dry run: nothing was changed.`
      : `Dropped ${what} on ${server.description}.`,
  );
  return exitCode.done;
}

/** @throws {CliError} USAGE */
function checkFlags({ name, all }: DropFlags): void {
  if ((name === undefined) === (all === undefined)) {
    throw new CliError(
      "USAGE",
      name === undefined ? "Which test database is not said." : `Both ${name} and --all are given.`,
      { hint: "Name one, or give --all. See which there are: ctb-data testdb list" },
    );
  }
}

interface Doomed {
  readonly server: TestServer;
  readonly settings: Settings;
  readonly name: string;
}

async function drop(context: CommandContext, { server, settings, name }: Doomed): Promise<void> {
  const firestore = await testFirestore({ dir: context.dir, settings, name });
  await dropTestDatabase(server.db, name);
  if (firestore?.host === undefined) return;
  const documents = `projects/${firestore.projectId}/databases/(default)/documents`;
  try {
    await fetch(`http://${firestore.host}/emulator/v1/${documents}`, {
      method: "DELETE",
      signal: context.signal,
    });
  } catch (error) {
    context.signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    context.warn(`The Firestore project ${firestore.projectId} was not cleared: ${why}`);
  }
}
