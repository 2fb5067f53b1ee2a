import { execFile, spawnSync } from "node:child_process";
import { readdir, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { paint, say, sayTable } from "./console.ts";
import { type Content, contentOf } from "./content.ts";
import type { Project } from "./project.ts";
import type { Step } from "./steps.ts";

/** Backs both stores up, destroys them, restores them, and compares them with what they were. */
export function backingUp(project: Project): readonly Step[] {
  const backup = async (command: string): Promise<void> => {
    const { address } = (await project.documents()).process();
    await project.cli(`backup ${command}`, { env: { FIRESTORE_EMULATOR_HOST: address } });
  };
  return [...making(project, backup), ...losing(project, backup)];
}

type RunBackup = (command: string) => Promise<void>;

function making(project: Project, backup: RunBackup): readonly Step[] {
  return [
    {
      title: "Make keys for backups",
      run: async () => {
        await writeFile(project.at(".env"), "BACKUP_STORAGE=backups\n", { mode: 0o600 });
        say("Wrote BACKUP_STORAGE=backups to .env: a folder here.");
        say("For a bucket it would be s3://bucket/prefix.");
        await backup("keys create --save");
      },
    },
    { title: "Back up both stores, encrypted", run: async () => await backup("create") },
    { title: "See what the backup holds", run: async () => await backup("show") },
    {
      title: "Verify it, and try a restore out elsewhere",
      run: async () => {
        await backup("verify");
        await backup("verify --drill");
        await backup("list");
      },
    },
    {
      title: "Open a part with standard tools alone",
      run: async () => await openPart(project),
    },
  ];
}

function losing(project: Project, backup: RunBackup): readonly Step[] {
  let before: readonly Content[] = [];
  const content = async (): Promise<readonly Content[]> =>
    await contentOf(await project.database(), (await project.documents()).firestore);
  return [
    {
      title: "Destroy both stores",
      run: async () => {
        before = await content();
        await destroy(project);
        sayHeld(await content());
      },
    },
    {
      title: "Restore them",
      run: async () =>
        await backup("restore latest --yes --target postgres --target demo-ctb-data"),
    },
    {
      title: "Prove that both are what they were",
      run: async () => {
        sayEqual(before, await content());
      },
    },
  ];
}

async function destroy({ documents, replaceDatabase }: Project): Promise<void> {
  say(paint("red", "DROP DATABASE postgres WITH (FORCE)"));
  await replaceDatabase();
  const { process, dataDir, restart } = await documents();
  say(paint("red", `kill -9 ${process().pid}; rm -r ${dataDir.split("/").slice(-2).join("/")}`));
  await process().kill();
  await rm(dataDir, { recursive: true, force: true });
  await restart();
}

/** @throws {Error} when there is anything left. */
function sayHeld(contents: readonly Content[]): void {
  const tables = contents.filter(({ what }) => what.startsWith("table "));
  const collections = contents.filter(({ what }) => what.startsWith("documents "));
  say("Empty ones of the same names took their places:");
  say(`${tables.length} tables in PostgreSQL, ${collections.length} collections in Firestore.`);
  if (contents.some(({ count }) => count > 0)) {
    throw new Error("Something is left that should be destroyed.");
  }
}

/** @throws {Error} when they differ, or are of nothing. */
function sayEqual(before: readonly Content[], after: readonly Content[]): void {
  const now = new Map(after.map((content) => [content.what, content]));
  sayTable(
    ["what", "count", "MD5 before", "MD5 after"],
    before.map(({ what, count, sum }) => [
      what,
      String(count),
      sum.slice(0, 12),
      now.get(what)?.sum.slice(0, 12) ?? "missing",
    ]),
  );
  const differ = before.filter(
    ({ what, count, sum }) => now.get(what)?.sum !== sum || now.get(what)?.count !== count,
  );
  if (before.length === 0 || before.length !== after.length || differ.length > 0) {
    throw new Error("The restored stores are not what they were.");
  }
  say("Equal: every row, the schema, and every document.");
  say("None of the backup's own code took part in these sums.");
}

const run = promisify(execFile);

/** Reads rows and a document of the newest backup, as somebody would who has its folder and a key, and no ctb-data. */
async function openPart({ at, documents }: Project): Promise<void> {
  const missing = ["age", "zstd"].filter((name) => spawnSync(name, ["--version"]).error);
  if (missing.length > 0) {
    say(`Not done: ${missing.join(" and ")} cannot be found on this machine.`);
    return;
  }
  const id = (await readdir(at("backups/backups"))).toSorted().at(-1) ?? "";
  const { signal } = await documents();
  say(paint("cyan", `$ cd backups/backups/${id}`));
  for (const [part, filter] of [
    ["postgres/data/public.clients/0000.copy", "sed -n 1,2p"],
    ["firestore/data/clients/0000.ndjson", "sed -n 1p"],
  ] as const) {
    const command = `age -d -i ../../../backup-keys/backup-identity.txt \\\n    ${part}.zst.age |\n    zstd -dc | ${filter}`;
    say(paint("cyan", `$ ${command}`));
    const { stdout } = await run("sh", ["-c", command], {
      cwd: at(`backups/backups/${id}`),
      signal,
    });
    if (stdout === "") {
      throw new Error(`There is nothing in ${part}.`);
    }
    say(stdout.trimEnd());
  }
  say("The commands for all of it are in RESTORE.md, in every backup.");
}
