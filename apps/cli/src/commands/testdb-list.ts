import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { bytesText } from "../terminal/bytes-text.ts";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import { printable } from "../terminal/printable.ts";
import { shortTime } from "../terminal/short-time.ts";
import { renderTable } from "../terminal/table.ts";
import { openTestServer } from "../testdb/open-test-server.ts";
import { listTestDatabases } from "../testdb/test-databases.ts";

/** `ctb-data testdb list` */
export async function testdbList(context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  const { settings } = await context.settings();
  await using server = await openTestServer(context, settings);
  const databases = await listTestDatabases(server.db);
  if (terminal.json) {
    printJson(terminal, { server: server.db.description, databases });
    return exitCode.done;
  }
  const { out } = terminal;
  if (databases.length === 0) {
    out.line(`No test databases on ${server.description}.`);
    sayNext(out, "ctb-data testdb create");
    return exitCode.done;
  }
  out.line(
    renderTable(out, {
      columns: [
        { title: "database", wraps: true },
        { title: "made (UTC)", dropOrder: 1 },
        { title: "size", align: "right", dropOrder: 2 },
        { title: "" },
      ],
      rows: databases.map(({ name, createdAt, sizeBytes, ready }) => [
        printable(name),
        shortTime(createdAt),
        bytesText(sizeBytes),
        ready ? "" : { text: "not finished", style: "red" as const },
      ]),
    }),
  );
  out.line();
  out.line(`${countOf(databases.length, "test database")} on ${server.description}.`);
  return exitCode.done;
}
