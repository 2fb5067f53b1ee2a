import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { PostgresError } from "../postgres-error.ts";
import { parseJsonObject } from "./json-object.ts";
import { errorFrom } from "./lease-message.ts";
import type { SupervisorPlan } from "./supervisor-plan.ts";

/** A supervisor that was started just now. It may find that another was faster, and end. */
export interface SupervisorProcess {
  /** Whether it has ended, and with what error if not in order. */
  state(): { readonly ended: boolean; readonly complaint: PostgresError | undefined };
  /** From now on it lives alone, and does not keep this process alive. */
  release(): void;
}

/** Starts the program of `supervisor.ts` as a process of its own: no Ctrl-C of this terminal reaches it. */
export function startSupervisorProcess(plan: SupervisorPlan): SupervisorProcess {
  const program = supervisorFile();
  const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...env } = process.env;
  const child = spawn(process.execPath, [program, JSON.stringify(plan)], {
    cwd: plan.folder,
    detached: true,
    env,
    stdio: ["ignore", "ignore", "pipe"],
    windowsHide: true,
  });
  let said = "";
  let state: ReturnType<SupervisorProcess["state"]> = { ended: false, complaint: undefined };
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    said = (said + chunk).slice(-4000);
  });
  child.once("error", (error) => {
    state = { ended: true, complaint: crashError(error.message) };
  });
  child.once("close", (code, signal) => {
    // 1 has told every lease what was wrong, 3 was not the first.
    const inOrder = code === 0 || code === 3 || (code === 1 && said === "");
    const told = parseJsonObject(said);
    const error =
      told === undefined
        ? crashError(`${said.trim()} (it ended with ${code ?? signal ?? "nothing"})`)
        : errorFrom(told);
    state = { ended: true, complaint: inOrder ? undefined : error };
  });
  return {
    state: () => state,
    release: () => {
      child.unref();
      if (child.stderr instanceof Socket) child.stderr.unref();
    },
  };
}

function crashError(said: string): PostgresError {
  return new PostgresError(
    "SERVER_FAILED",
    `The supervisor of the PostgreSQL server did not start: ${said}`,
    {
      hint: "The message is from Node.js.",
    },
  );
}

/** Beside this file in the source; the bundle of this file is one folder further up, or a chunk there. */
function supervisorFile(): string {
  const source = import.meta.url.endsWith(".ts");
  const url = source
    ? new URL("./supervisor.ts", import.meta.url)
    : new URL("./embedded/supervisor.js", import.meta.url);
  const file = fileURLToPath(url);
  if (existsSync(file)) return file;
  throw new PostgresError(
    "EMBEDDED_NOT_INSTALLED",
    `A part of @ctb-data/postgres is missing: ${file}.`,
    {
      hint: "Do not bundle @ctb-data/postgres into your program: mark it as external.",
    },
  );
}
