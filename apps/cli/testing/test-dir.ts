import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder of one test, with the files that it names. */
export interface TestDir extends AsyncDisposable {
  readonly path: string;
  write(file: string, content: string): Promise<void>;
  read(file: string): Promise<string>;
}

/** Makes a folder with these files; it goes when it is disposed of. */
export async function testDir(files: Readonly<Record<string, string>> = {}): Promise<TestDir> {
  const path = await mkdtemp(join(tmpdir(), "ctb-data-cli-"));
  // PostgreSQL does not run as root: the user that runs it instead must be able to enter.
  await chmod(path, 0o711);
  const dir: TestDir = {
    path,
    write: async (file, content) => {
      await mkdir(dirname(join(path, file)), { recursive: true });
      await writeFile(join(path, file), content);
    },
    read: async (file) => await readFile(join(path, file), "utf8"),
    [Symbol.asyncDispose]: async () => {
      // A PostgreSQL whose program was killed may still be on its way out.
      await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
  for (const [file, content] of Object.entries(files)) {
    await dir.write(file, content);
  }
  return dir;
}
