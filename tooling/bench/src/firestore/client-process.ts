// The clients of one contender, in a process of their own: it can be ended with all that it still waits for.
// `node client-process.ts PORT`, or `bridge` for @firebase-bridge/firestore-admin, which has no server.
import type { Firestore } from "@google-cloud/firestore";
import { Timer, type Job } from "./time-line.ts";

const [target = ""] = process.argv.slice(2);
const open = target === "bridge" ? await openBridge() : await openServer(Number(target));
const timer = new Timer(open);

process.on("message", (job: Job) => {
  timer.time(job).then(
    (timing) => process.send?.(timing),
    (error: unknown) =>
      process.send?.({ failed: error instanceof Error ? error.message : String(error) }),
  );
});
process.send?.("ready");

async function openBridge(): Promise<(project: string) => Firestore> {
  const { FirestoreMock } = await import("@firebase-bridge/firestore-admin");
  const mock = new FirestoreMock();
  const connect = (project: string): Firestore =>
    mock.createDatabase(project, "(default)").firestore();
  await connect("bench-first").doc("first/answer").get();
  return connect;
}

async function openServer(port: number): Promise<(project: string) => Firestore> {
  const sdk = await import("@google-cloud/firestore");
  return (projectId) =>
    new sdk.Firestore({
      projectId,
      host: `127.0.0.1:${port}`,
      ssl: false,
      // Otherwise the client asks for an account of this machine first, for seconds where there is none.
      clientOptions: { universeDomain: "googleapis.com" },
    });
}
