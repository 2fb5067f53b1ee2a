import { helpFooter } from "../help.ts";
import type { ProgramParts } from "../program.ts";
import { parsePort } from "./parse-option.ts";

/** `init`, `dev`, `doctor` and `generate`. */
export function addProjectCommands({ program, terminal, run }: ProgramParts): void {
  program
    .command("init")
    .description("Lay down a project: registry, migrations, configuration and generated files")
    .argument("[dir]", "the folder; made when it does not exist", ".")
    .option("--force <file...>", "overwrite these files if they exist and differ")
    .option("--dry-run", "only say what would be written")
    .addHelpText("after", () => helpFooter(terminal, "ctb-data init my-project"))
    .action(async (dir, options) => {
      await run(async (context) => {
        const { init } = await import("../commands/init.ts");
        return await init(context, { dir, ...options });
      });
    });
  program
    .command("dev")
    .description("Run the embedded PostgreSQL and Firestore of this project until Ctrl-C")
    .option("--port <port>", "the port of PostgreSQL; any free one otherwise", parsePort)
    .option("--firestore-port <port>", "the port of Firestore; any free one otherwise", parsePort)
    .option("--migrate", "apply the pending migrations first")
    .option("--check-indexes", "let Firestore refuse queries that lack an index, as the cloud does")
    .addHelpText("after", () => helpFooter(terminal, "ctb-data dev --migrate"))
    .action(async (options) => {
      await run(async (context) => {
        const { dev } = await import("../commands/dev.ts");
        return await dev(context, options);
      });
    });
  program
    .command("doctor")
    .description("Check the set-up: configuration, registry, database, migrations, generated files")
    .addHelpText("after", () => helpFooter(terminal, "ctb-data doctor"))
    .action(async () => {
      await run(async (context) => {
        const { doctor } = await import("../commands/doctor.ts");
        return await doctor(context);
      });
    });
  program
    .command("generate")
    .description(
      "Write what is derived from the registry: models, entities, schema.sql, and the types, indexes and rules of Firestore",
    )
    .option("--check", "write nothing; exit with 3 when a file is not up to date")
    .option("--dry-run", "only say what would be written")
    .option("--registry <path>", "the registry: a file or a folder")
    .option("--out <dir>", "the folder of the models")
    .option("--schema <file>", "the file of the SQL schema")
    .option("--firestore-types <file>", "the file of the document types")
    .option("--firestore-indexes <file>", "the file of the indexes of Firestore")
    .option("--firestore-rules <file>", "the file of the security rules of Firestore")
    .addHelpText("after", () =>
      helpFooter(terminal, "ctb-data generate", "ctb-data generate --check"),
    )
    .action(async (options) => {
      await run(async (context) => {
        const { generate } = await import("../commands/generate.ts");
        return await generate(context, options);
      });
    });
}
