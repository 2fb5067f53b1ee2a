import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { PostgresError } from "../postgres-error.ts";

/** The user that a server runs as when that is not the user of this process. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL refuses to run as root. Root runs it as the owner of the cluster, and makes a new one as `postgres`,
 * `nobody` or whoever else the system has: initdb wants a user with a name. `undefined` for everybody but root.
 *
 * @throws {PostgresError} UNSUPPORTED when the system has no user but root.
 */
export function serverUserOf(cluster: string, passwd = "/etc/passwd"): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(cluster, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const users = readUsers(passwd);
  const user = ["postgres", "nobody"]
    .map((name) => users.get(name))
    .find((found) => found !== undefined);
  const chosen = user ?? users.values().next().value;
  if (chosen !== undefined) return chosen;
  throw new PostgresError(
    "UNSUPPORTED",
    "PostgreSQL refuses to run as root, and this system has no other user.",
    {
      hint: `Add one to ${passwd}, as with: useradd --system postgres`,
    },
  );
}

/** Everybody but root. */
function readUsers(passwd: string): ReadonlyMap<string, ServerUser> {
  let text = "";
  try {
    text = readFileSync(passwd, "utf8");
  } catch {
    // The same as a file without users.
  }
  const users = text.split("\n").map((line) => line.split(":"));
  return new Map(
    users
      .map(([name = "", , uid, gid]): [string, ServerUser] => [
        name,
        { uid: Number(uid), gid: Number(gid) },
      ])
      .filter(
        ([, { uid, gid }]) => Number.isInteger(uid) && uid > 0 && Number.isInteger(gid) && gid > 0,
      ),
  );
}

/** Whether a user may pass through every folder above a path. Access lists are not looked at: they make it say no. */
export function canReach(path: string, user: ServerUser): boolean {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode, uid } = statSync(folder);
    if ((mode & (uid === user.uid ? 0o100 : 0o001)) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
