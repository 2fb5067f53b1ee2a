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
  if (/AGE-SECRET-KEY-1/iu.test(path)) {
    // Not shown: it is the secret itself.
    throw new CliError("INVALID_KEY", `${what} was given as the key itself, not as a file.`, {
      hint: "Write it to a file that only you can read, and name that: shells keep what was typed.",
    });
  }
  const shown = shownPath(path);
  try {
    const file = await stat(path);
    if (file.isDirectory()) {
      throw new CliError("INVALID_KEY", `${what} ${shown} is a folder.`, {
        hint: "Name the file in it.",
      });
    }
    if (process.platform !== "win32" && (file.mode & 0o007) !== 0) {
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
