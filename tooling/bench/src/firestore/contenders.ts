import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { firstAnswer } from "./first-answer.ts";
import { ProcessGroup } from "./process-group.ts";
import type { OwnProgram } from "./server-program.ts";
import type { Job, Timing } from "./time-line.ts";

/** A contender, as a process that has answered once. */
export interface Running {
  /** From its start to that answer. */
  readonly answeredMs: number;
  residentMiB(): Promise<number>;
  /** @throws {Error} what the client throws, or that the process has ended. */
  time(job: Job): Promise<Timing>;
  stop(): Promise<void>;
}

export interface Contender {
  readonly name: string;
  /** Its name for `in-process.ts`; absent when it cannot be started in a process of others. */
  readonly inProcess?: string;
  /** @param temporary what it takes for the system's folder of temporary files. */
  start(temporary: string): Promise<Running>;
}

const startMs = 30_000;

/** All contenders, this project's first. The official emulator only when its command is given. */
export function contendersOf(own: OwnProgram, official: string | undefined): readonly Contender[] {
  const { execPath } = process;
  const ownCommand = (port: number): readonly [string, ...string[]] => [
    execPath,
    ...own.args,
    "--port",
    String(port),
    "--json",
  ];
  const peer = fileURLToPath(new URL("peer-server.ts", import.meta.url));
  return [
    {
      ...server(ownName, async (port) => ownCommand(port)),
      inProcess: "ours",
    },
    server(`${ownName} on disk`, async (port, temporary) => [
      ...ownCommand(port),
      "--data-dir",
      await mkdtemp(join(temporary, "data-")),
    ]),
    ...(official === undefined
      ? []
      : [
          server(officialName, async (port) => [
            "sh",
            "-c",
            `exec ${official} --host 127.0.0.1 --port ${port}`,
          ]),
        ]),
    {
      ...server("@firestore-emulator", async (port) => [execPath, peer, String(port)]),
      inProcess: "server",
    },
    { name: "@firebase-bridge", inProcess: "bridge", start: startBridge },
  ];
}

export const ownName = "ctb-data";
export const officialName = "official";

function server(
  name: string,
  command: (port: number, temporary: string) => Promise<readonly [string, ...string[]]>,
): Contender {
  return {
    name,
    start: async (temporary) => {
      const port = await freePort();
      const line = await command(port, temporary);
      const begin = performance.now();
      const group = new ProcessGroup(line, { env: environment(temporary) });
      return await orStopped([group], async () => {
        await Promise.race([firstAnswer(port, startMs), group.failed()]);
        const answeredMs = performance.now() - begin;
        const client = clientProcess(String(port), temporary);
        return await orStopped([group, client], async () => {
          await nextMessage(client);
          return running({ answeredMs, measured: group, client });
        });
      });
    },
  };
}

async function startBridge(temporary: string): Promise<Running> {
  const begin = performance.now();
  const client = clientProcess("bridge", temporary);
  return await orStopped([client], async () => {
    await nextMessage(client);
    return running({ answeredMs: performance.now() - begin, measured: client, client });
  });
}

function clientProcess(target: string, temporary: string): ProcessGroup {
  const program = fileURLToPath(new URL("client-process.ts", import.meta.url));
  return new ProcessGroup([process.execPath, program, target], {
    env: environment(temporary),
    ipc: true,
  });
}

function running(parts: {
  readonly answeredMs: number;
  readonly measured: ProcessGroup;
  readonly client: ProcessGroup;
}): Running {
  const { answeredMs, measured, client } = parts;
  return {
    answeredMs,
    residentMiB: async () => await measured.residentMiB(),
    time: async (job) => {
      const answer = nextMessage(client);
      client.child.send(job);
      return timingOf(await Promise.race([answer, measured.failed()]));
    },
    stop: async () => {
      await Promise.all([client.stop(), measured.stop()]);
    },
  };
}

async function nextMessage(group: ProcessGroup): Promise<unknown> {
  const message = new Promise<unknown>((resolve) => group.child.once("message", resolve));
  return await Promise.race([message, group.failed()]);
}

/** Leaves no process behind when it cannot be used. */
async function orStopped(
  groups: readonly ProcessGroup[],
  connect: () => Promise<Running>,
): Promise<Running> {
  try {
    return await connect();
  } catch (error) {
    await Promise.all(groups.map(async (group) => await group.stop()));
    throw error;
  }
}

function timingOf(answer: unknown): Timing {
  if (typeof answer !== "object" || answer === null) throw new Error("It gave no answer.");
  if ("failed" in answer) throw new Error(String(answer.failed));
  if (!("ms" in answer)) throw new Error("It gave no time.");
  const wrong = "wrong" in answer ? answer.wrong : undefined;
  return { ms: Number(answer.ms), wrong: typeof wrong === "string" ? wrong : undefined };
}

/** Nothing that sends a client elsewhere. A compile cache is wherever the program itself keeps one. */
function environment(temporary: string): NodeJS.ProcessEnv {
  const { FIRESTORE_EMULATOR_HOST: _host, NODE_COMPILE_CACHE: _cache, ...rest } = process.env;
  return { ...rest, TMPDIR: temporary };
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => {
        resolve(port);
      });
    });
  });
}
