// Imports an emulator into this process, starts it and has it answer once; prints how long that took, in milliseconds.
import { firstAnswer } from "./first-answer.ts";

/** What one run of this program prints. */
export interface InProcessTimes {
  readonly importMs: number;
  readonly answerMs: number;
}

const timeoutMs = 10_000;

const starts: Readonly<Record<string, (port: number) => Promise<() => Promise<void>>>> = {
  ours: async () => {
    const { startFirestoreEmulator } = await import("@ctb-data/firestore-emulator");
    return async () => {
      const { port } = await startFirestoreEmulator();
      await firstAnswer(port, timeoutMs);
    };
  },
  server: async (port) => {
    const { FirestoreServer } = await import("@firestore-emulator/server");
    return async () => {
      await new FirestoreServer().start(port);
      await firstAnswer(port, timeoutMs);
    };
  },
  bridge: async () => {
    const { FirestoreMock } = await import("@firebase-bridge/firestore-admin");
    return async () => {
      const db = new FirestoreMock().createDatabase("bench-first", "(default)").firestore();
      await db.doc("first/answer").get();
    };
  },
};

const [name = "", port = "0"] = process.argv.slice(2);
const begin = performance.now();
const start = await starts[name]?.(Number(port));
const imported = performance.now();
await start?.();
const times: InProcessTimes = {
  importMs: imported - begin,
  answerMs: performance.now() - imported,
};
process.stdout.write(JSON.stringify(times), () => process.exit());
