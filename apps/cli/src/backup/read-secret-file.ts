import { readFile, stat } from "node:fs/promises";
import { CliError } from "../cli-error.ts";
import { isMissing } from "../project/is-missing.ts";
import { shownPath } from "../project/shown-path.ts";

/**
 * The text of a file that holds a secret key.
 *
 * @throws {CliError} NOT_FOUND; INVALID_KEY when others may read it, as ssh refuses such a key. Windows has no such permissions.
 */
export async function readSecretFile(path: string, what: string): Promise<string> {
  const shown = shownPath(path);
  try {
    const { mode } = await stat(path);
    if (process.platform !== "win32" && (mode & 0o007) !== 0) {
      throw new CliError(
        "INVALID_KEY",
        `${what} ${shown} can be read by everybody on this machine.`,
        {
          hint: `Take that from them: chmod 600 ${shown}. If others may have read it, make a new key.`,
        },
      );
    }
    return await readFile(path, "utf8");
  } catch (cause) {
    if (!isMissing(cause)) {
      throw cause;
    }
    throw new CliError("NOT_FOUND", `${what} ${shown} does not exist.`, {
      hint: "Check the path, or make keys: ctb-data backup keys create",
      cause,
    });
  }
}
