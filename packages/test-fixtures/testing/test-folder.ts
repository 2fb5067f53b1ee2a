import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder, deleted with all that is in it when disposed of. */
export interface TestFolder extends AsyncDisposable {
  readonly path: string;
}

/** Below the temporary folder, or where `parent` says. */
export function testFolder(parent: string = tmpdir()): TestFolder {
  const path = realpathSync(mkdtempSync(join(parent, "ctb-data-")));
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
}
