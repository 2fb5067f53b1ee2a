import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import {
  contentOf,
  fillWorld,
  openBackupWorld,
  type BackupWorld,
} from "../../testing/backup-world.ts";
import { hasProgram } from "../../testing/keys-programs.ts";
import { testFolder } from "../../testing/test-folder.ts";
import type { BackupEncryption } from "../backup-encryption.ts";
import { createBackup } from "../create/create-backup.ts";
import { digestDatabase, digestDifferences } from "../firestore/digest-documents.ts";

const programs = ["age", "zstd", "jq", "sha256sum", "minisign", "psql", "curl", "bash"];
const missing = programs.filter((name) => !hasProgram(name));
const title = missing.length === 0 ? "" : ` (needs ${missing.join(", ")})`;

interface Restored {
  readonly status: number | null;
  readonly output: string;
}

/** Does what the text says, in one shell, with the variables that it says are to be changed. */
async function followInstructions(world: BackupWorld, dir: string): Promise<Restored> {
  const text = await readFile(`${dir}/RESTORE.md`, "utf8");
  const blocks = [...text.matchAll(/^```bash\n(.*?)^```$/gmsu)].map(([, block]) => block ?? "");
  await writeFile(`${dir}/../identity.txt`, `${world.keys.identity}\n`, { mode: 0o600 });
  // Not spawnSync: the Firestore server is in this process.
  const shell = spawn("bash", ["-c", blocks.join("\n")], {
    cwd: dir,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"],
      HOME: dir,
      IDENTITY: `${dir}/../identity.txt`,
      TARGET: world.targetUrl,
      PROJECT: world.targetProject,
      FIRESTORE_URL: `http://${world.firestoreHost}/v1`,
      TOKEN: "owner",
    },
  });
  let output = "";
  for (const stream of [shell.stdout, shell.stderr])
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  await once(shell, "close");
  return { status: shell.exitCode, output };
}

async function backUp(world: BackupWorld, encryption: BackupEncryption): Promise<string> {
  const { storage, postgres, firestore, keys } = world;
  const { id } = await createBackup({
    storage,
    postgres,
    firestore,
    encryption,
    signingKey: keys.signingKey,
    splitBytes: 65_536,
    firestoreFiles: [{ name: "firestore.rules", content: "rules_version = '2';\n" }],
  });
  return `${world.dir}/backups/${id}`;
}

test.skipIf(missing.length > 0)(
  `RESTORE.md, followed with the real programs, brings both stores back${title}`,
  async () => {
    await using world = await openBackupWorld();
    await fillWorld(world, 3000);
    const { postgres, firestore, firestoreTarget, target, keys } = world;
    const dir = await backUp(world, { kind: "age", recipients: [keys.recipient] });
    expect(await followInstructions(world, dir)).toMatchObject({ status: 0 });
    expect(await contentOf(target)).toEqual(await contentOf(postgres));
    const before = await digestDatabase({ firestore });
    expect(digestDifferences(before, await digestDatabase({ firestore: firestoreTarget }))).toEqual(
      [],
    );
    expect(await readFile(`${dir}/firestore.rules`, "utf8")).toBe("rules_version = '2';\n");
  },
);

test.skipIf(missing.length > 0)(
  `so it does for a backup in the clear, which says that it is${title}`,
  async () => {
    await using world = await openBackupWorld();
    await fillWorld(world);
    const dir = await backUp(world, { kind: "none" });
    expect(await readFile(`${dir}/RESTORE.md`, "utf8")).toContain("**not encrypted**");
    expect(await followInstructions(world, dir)).toMatchObject({ status: 0 });
    expect(await contentOf(world.target)).toEqual(await contentOf(world.postgres));
  },
);

test.skipIf(missing.length > 0)(
  `it stops before anything is restored when a part was changed, or the record was${title}`,
  async () => {
    await using world = await openBackupWorld();
    await using folder = testFolder();
    await fillWorld(world);
    const dir = await backUp(world, { kind: "age", recipients: [world.keys.recipient] });
    for (const name of ["postgres/pre-data.sql.zst.age", "BACKUP.json"]) {
      const copy = `${folder.path}/${name.replaceAll("/", "-")}`;
      await cp(dir, copy, { recursive: true });
      const bytes = await readFile(`${copy}/${name}`);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      await writeFile(`${copy}/${name}`, bytes);
      const { status, output } = await followInstructions(world, copy);
      expect(status).not.toBe(0);
      expect(output).toMatch(/FAILED|Signature verification failed/u);
      expect(await contentOf(world.target)).toEqual({
        sequences: [],
        constraints: [],
        indexes: [],
      });
    }
  },
);
