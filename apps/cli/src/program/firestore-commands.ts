import { helpFooter } from "../help.ts";
import type { ProgramParts } from "../program.ts";
import { parseCount } from "./parse-option.ts";

/** `firestore validate`. */
export function addFirestoreCommands({ program, terminal, run }: ProgramParts): void {
  const group = program
    .command("firestore")
    .description("Check the documents in Firestore")
    .addHelpText("after", () => helpFooter(terminal, "ctb-data firestore validate"));
  group
    .command("validate")
    .description("Read documents and report those that do not fit the registry; exit with 3 then")
    .argument("[collection...]", "the collections; all of the registry otherwise")
    .option("--sample <n>", "look at no more than so many documents of each", parseCount)
    .option("--strict", "fields and collections that the registry does not know are faults too")
    .option("--registry <path>", "the registry: a file or a folder")
    .addHelpText("after", () =>
      helpFooter(
        terminal,
        "ctb-data firestore validate",
        "ctb-data firestore validate clients --sample 1000",
      ),
    )
    .action(async (collections, options) => {
      await run(async (context) => {
        const { firestoreValidate } = await import("../commands/firestore-validate.ts");
        return await firestoreValidate(context, { collections, ...options });
      });
    });
}
