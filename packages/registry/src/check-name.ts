import { maxNameBytes, nameBytes } from "./object-names.ts";
import { quoted } from "./problem.ts";
import type { Problems, Spot } from "./yaml-node.ts";

/** Reports a name that PostgreSQL would refuse or cut, and says whether it is good. */
export function checkName(name: string, spot: Spot, problems: Problems): boolean {
  const fault = nameFault(name);
  if (fault === undefined) return true;
  problems.error(spot, "invalid-name", `the name ${quoted(name)} ${fault}`);
  return false;
}

function nameFault(name: string): string | undefined {
  if (name === "") return "is empty";
  if (/\p{Cc}/u.test(name)) return "has a control character";
  const bytes = nameBytes(name);
  if (bytes <= maxNameBytes) return undefined;
  return `is ${bytes} bytes long, PostgreSQL cuts names behind ${maxNameBytes}`;
}

const systemColumns = new Set(["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"]);

/** Like `checkName`, for a column. */
export function checkColumnName(name: string, spot: Spot, problems: Problems): boolean {
  if (!checkName(name, spot, problems)) return false;
  if (!systemColumns.has(name)) return true;
  problems.error(
    spot,
    "invalid-name",
    `the name ${quoted(name)} is taken: each table of PostgreSQL has such a column`,
  );
  return false;
}
