import { Client } from "@ctb-data/models";
import { paint, say } from "./console.ts";
import { type Content, contentOf } from "./content.ts";
import type { Project } from "./project.ts";
import type { Step } from "./steps.ts";

/** Damages both stores as careless programs do, finds that, mends it, and puts it back. */
export function mending(project: Project): readonly Step[] {
  const integrity = async (command: string, expected = 0): Promise<void> => {
    const { address } = (await project.documents()).process();
    await project.cli(`integrity ${command}`, {
      expected,
      env: { FIRESTORE_EMULATOR_HOST: address },
    });
  };
  let damaged: readonly Content[] = [];
  return [
    {
      title: "Damage both stores, as careless programs do",
      run: async () => {
        await damage(project);
        damaged = await contentOfData(project);
      },
    },
    { title: "Find what is wrong", run: async () => await integrity("check", 3) },
    {
      title: "Mend it, and look again",
      run: async () => {
        await integrity("fix --yes");
        await integrity("check");
      },
    },
    {
      title: "Put it all back, to prove that one can",
      run: async () => {
        await integrity("undo --last --yes");
        sayEqual(damaged, await contentOfData(project));
      },
    },
  ];
}

async function damage({ database, documents }: Project): Promise<void> {
  const db = await database();
  const load = [
    "ALTER TABLE blueprints DISABLE TRIGGER ALL",
    "UPDATE blueprints SET client_id = 9000 + id WHERE id IN (SELECT id FROM blueprints WHERE blueprint_type = 'profile' ORDER BY id LIMIT 3)",
    "ALTER TABLE blueprints ENABLE TRIGGER ALL",
  ];
  for (const statement of load) {
    say(paint("red", statement));
    await db.query(statement);
  }
  const clients = (await documents()).firestore.collection(Client);
  const [first, second] = await db.table(Client).find({}, { orderBy: { id: "asc" }, limit: 2 });
  say(paint("red", `clients/${first?.id} is deleted, clients/${second?.id} gets another name`));
  await clients.doc(String(first?.id)).delete();
  await clients.doc(String(second?.id)).merge({ name: "Somebody Else" });
}

/** Of the project's own tables and documents, without what integrity keeps. */
async function contentOfData({ database, documents }: Project): Promise<readonly Content[]> {
  const contents = await contentOf(await database(), (await documents()).firestore);
  return contents.filter(({ what }) => /^(?:table|documents of) [a-z_]+$/u.test(what));
}

/** @throws {Error} when they differ, or are of nothing. */
function sayEqual(before: readonly Content[], after: readonly Content[]): void {
  const now = new Map(after.map(({ what, sum }) => [what, sum]));
  const differ = before.filter(({ what, sum }) => now.get(what) !== sum);
  if (before.length === 0 || differ.length > 0)
    throw new Error("Undo has not put everything back as it was.");
  say(
    `Equal: ${before.length} tables and collections are as they were before the fix, wrong rows and all.`,
  );
}
