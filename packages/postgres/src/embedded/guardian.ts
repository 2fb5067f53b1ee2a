import { spawn } from "node:child_process";
import { Socket } from "node:net";

/** A second, much smaller watcher, which stops the server when its supervisor is killed. */
export interface Guardian {
  /** Tells which process to stop. */
  watch(pid: number): void;
  /** The server is gone; so is the guardian when this resolves. */
  dismiss(): Promise<void>;
}

// Reads lines: the number of the server, then "done". The end of the input without "done" is the supervisor's death.
const script = `
trap '' HUP INT TERM
pid=
while read -r line; do
  [ "$line" = done ] && exit 0
  pid=$line
done
[ -n "$pid" ] || exit 0
kill -INT "$pid" 2>/dev/null
i=0
while kill -0 "$pid" 2>/dev/null; do
  i=$((i + 1))
  [ $i -eq 30 ] && kill -QUIT "$pid" 2>/dev/null
  [ $i -ge 40 ] && { kill -KILL "$pid" 2>/dev/null; exit 0; }
  sleep 1
done
`;

/**
 * A shell, because it survives `killall -9 node` and costs a megabyte. Under Windows there is none: the next start stops what a
 * killed supervisor left.
 */
export function startGuardian(): Guardian {
  if (process.platform === "win32") return { watch: () => {}, dismiss: async () => {} };
  const shell = spawn("/bin/sh", ["-c", script, "ctb-data-guardian"], {
    cwd: "/",
    detached: true,
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ended = new Promise<void>((resolve) => {
    shell.once("error", () => {
      resolve();
    });
    shell.once("exit", () => {
      resolve();
    });
  });
  shell.stdin.on("error", () => {
    // Somebody killed the guardian; the supervisor still watches.
  });
  shell.unref();
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  return {
    watch: (pid) => {
      shell.stdin.write(`${pid}\n`);
    },
    dismiss: async () => {
      shell.ref();
      shell.stdin.end("done\n");
      await ended;
    },
  };
}
