import type { Command } from "@commander-js/extra-typings";
import { helpFooter } from "../help.ts";
import type { ProgramParts } from "../program.ts";
import { collect, parseCount, parseSeed } from "./parse-option.ts";

/** `testdb create | seed | list | drop`. */
export function addTestdbCommands(parts: ProgramParts): void {
  const group = parts.program
    .command("testdb")
    .description(
      "Make migrated databases to try things out on, on TEST_DATABASE_URL, DATABASE_URL or the embedded server",
    )
    .addHelpText("after", () =>
      helpFooter(parts.terminal, "ctb-data testdb create", "ctb-data testdb seed --count 1000"),
    );
  addMaking({ ...parts, group });
  addKeeping({ ...parts, group });
}

interface GroupParts extends ProgramParts {
  readonly group: Command;
}

function addMaking({ group, terminal, run }: GroupParts): void {
  group
    .command("create")
    .description("Make a database that is migrated, and print the variables that lead to it")
    .option("--name <name>", "its name; testdb_1 and so on otherwise")
    .option("--migrations <dir>", "the folder of the migrations")
    .option("--registry <path>", "the registry: a file or a folder")
    .option("--count <n>", "also fill it, with so many rows in each table", parseCount)
    .option("--table <name>", "fill only this table; may be given again", collect)
    .option("--seed <n>", "fill it with the values that belong to this number", parseSeed)
    .option("--show-password", "print the password of a server that is not the embedded one")
    .addHelpText("after", () =>
      helpFooter(
        terminal,
        "ctb-data testdb create",
        "ctb-data testdb create --name demo --count 1000",
      ),
    )
    .action(async (options) => {
      await run(async (context) => {
        const { testdbCreate } = await import("../commands/testdb-create.ts");
        return await testdbCreate(context, options);
      });
    });
  group
    .command("seed")
    .description("Fill a database that create has made with valid rows, all or nothing")
    .argument("[name]", "which one; the last one that was made otherwise")
    .option("--count <n>", "so many rows in each table (1,000 unless said)", parseCount)
    .option("--table <name>", "only this table; may be given again", collect)
    .option("--seed <n>", "the values that belong to this number (1 unless said)", parseSeed)
    .option("--into-project", "the project's own database instead, which asks for its name")
    .option("--registry <path>", "the registry: a file or a folder")
    .option("-y, --yes", "with --into-project: do not ask")
    .addHelpText("after", () =>
      helpFooter(terminal, "ctb-data testdb seed", "ctb-data testdb seed testdb_2 --count 1000000"),
    )
    .action(async (name, options) => {
      await run(async (context) => {
        const { testdbSeed } = await import("../commands/testdb-seed.ts");
        return await testdbSeed(context, { name, ...options });
      });
    });
}

function addKeeping({ group, terminal, run }: GroupParts): void {
  group
    .command("list")
    .description("Show the databases that create has made and nobody has dropped")
    .addHelpText("after", () => helpFooter(terminal, "ctb-data testdb list"))
    .action(async () => {
      await run(async (context) => {
        const { testdbList } = await import("../commands/testdb-list.ts");
        return await testdbList(context);
      });
    });
  group
    .command("drop")
    .description("Drop databases that create has made, with the Firestore projects beside them")
    .argument("[name]", "which one")
    .option("--all", "all of them")
    .option("--dry-run", "only say what would be dropped")
    .option("-y, --yes", "do not ask")
    .addHelpText("after", () =>
      helpFooter(terminal, "ctb-data testdb drop testdb_1", "ctb-data testdb drop --all --yes"),
    )
    .action(async (name, options) => {
      await run(async (context) => {
        const { testdbDrop } = await import("../commands/testdb-drop.ts");
        return await testdbDrop(context, { name, ...options });
      });
    });
}
