import { rmSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that goes with the demo. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** Makes the folder of the demo. It goes when it is disposed of, and also when the process exits before that. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), "ctb-data-demo-"));
  // PostgreSQL does not run as root: the user that runs it instead must be able to enter.
  await chmod(path, 0o711);
  const removal = { recursive: true, force: true, maxRetries: 5 } as const;
  const removeAtExit = (): void => {
    rmSync(path, removal);
  };
  process.once("exit", removeAtExit);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await rm(path, removal);
      process.off("exit", removeAtExit);
    },
  };
}
