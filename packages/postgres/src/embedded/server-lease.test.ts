import { once } from "node:events";
import { connect, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Lock } from "./generation-lock.ts";
import { type Lease, LeaseDesk } from "./lease-desk.ts";
import { machineIdentity, processIdentity } from "./process-identity.ts";
import { ServerLease } from "./server-lease.ts";

const wishes = { request: { durable: true, port: 1 }, onLog: undefined, onStopped: undefined };

function lockOf(port: number, token: string): Lock {
  const identity = processIdentity(process.pid) ?? "";
  return {
    pid: process.pid,
    identity,
    machine: machineIdentity(),
    port,
    token,
    generation: 1,
    file: "",
  };
}

/** A desk that writes down what happens, with what a lease is answered. */
async function openDesk(answer: (lease: Lease) => void): Promise<{ lock: Lock; events: string[] }> {
  const events: string[] = [];
  const desk = new LeaseDesk({
    onOpen: (lease) => {
      events.push(`open ${JSON.stringify(lease.request)}`);
      answer(lease);
    },
    onLeave: (lease) => {
      events.push("leave");
      void lease.end({ left: true });
    },
    onLost: () => {
      events.push("lost");
    },
  });
  return { lock: lockOf(await desk.open(), desk.token), events };
}

test("a lease is opened, handed a server and given back", async () => {
  const { lock, events } = await openDesk((lease) => {
    lease.send({ ready: true, port: 4321, version: "18.4" });
  });
  const lease = await ServerLease.open(lock, wishes, 5000);
  expect(await lease?.server()).toEqual({ port: 4321, version: "18.4" });
  await lease?.close();
  expect(events).toEqual(['open {"durable":true,"port":1}', "leave"]);
});

test("the error that the supervisor tells is thrown as it is", async () => {
  const { lock } = await openDesk((lease) => {
    void lease.end({
      failed: {
        code: "PORT_IN_USE",
        message: "Port 1 of 127.0.0.1 is taken.",
        hint: "Leave it out.",
      },
    });
  });
  const lease = await ServerLease.open(lock, wishes, 5000);
  await expect(lease?.server()).rejects.toMatchObject({
    code: "PORT_IN_USE",
    hint: "Leave it out.",
  });
});

test("without the right token nobody gets a lease", async () => {
  const { lock, events } = await openDesk(() => {});
  expect(await ServerLease.open({ ...lock, token: "guessed" }, wishes, 5000)).toBeUndefined();
  expect(events).toEqual([]);
});

test.each(["nonsense\n", "{}\n", "[]\n", '{"leave":true}\n', "x".repeat(1_100_000)])(
  "a stranger who says %.20s to the desk is cut off",
  async (said) => {
    const { lock, events } = await openDesk(() => {});
    const socket = connect(lock.port, "127.0.0.1").on("error", () => {});
    socket.resume();
    socket.write(said);
    await new Promise((resolve) => {
      socket.once("close", resolve);
    });
    expect(events).toEqual([]);
  },
);

test("a stranger who got the port of a dead supervisor is not believed, and learns no secret", async () => {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      heard.push(chunk.toString());
      socket.write(`${JSON.stringify({ proof: "made up" })}\n`);
    });
    socket.write(`${JSON.stringify({ challenge: "abc" })}\n`);
  });
  onTestFinished(() => {
    server.close();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  expect(await ServerLease.open(lockOf(port, "the-secret-token"), wishes, 5000)).toBeUndefined();
  expect(heard.join("")).not.toContain("the-secret-token");
  expect(heard.join("")).toContain("proof");
});

test("a port where nobody answers is given up after the time that was given", async () => {
  const server = createServer(() => {});
  onTestFinished(() => {
    server.close();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  expect(await ServerLease.open(lockOf(port, "x"), wishes, 100)).toBeUndefined();
  expect(await ServerLease.open(lockOf(0, "x"), wishes, 100)).toBeUndefined();
});
