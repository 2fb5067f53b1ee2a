import { deleteApp, initializeApp } from "firebase-admin/app";
import { getFirestore } from "firebase-admin/firestore";
import { expect, test, vi } from "vitest";
import { startFirestoreEmulator } from "../index.ts";

test.each([20, 50])(
  "%i increments of one document at once are all made, each at its second try at the latest",
  async (count) => {
    await using emulator = await startFirestoreEmulator({ port: 0 });
    vi.stubEnv("FIRESTORE_EMULATOR_HOST", emulator.address);
    const app = initializeApp({ projectId: "contended" }, `contended-${count}`);
    const firestore = getFirestore(app);
    const document = firestore.doc("counters/one");
    await document.set({ n: 0 });
    const attempts = await Promise.all(
      Array.from({ length: count }, async () => {
        let tries = 0;
        await firestore.runTransaction(async (transaction) => {
          tries += 1;
          const snapshot = await transaction.get(document);
          transaction.update(document, { n: Number(snapshot.get("n")) + 1 });
        });
        return tries;
      }),
    );
    expect((await document.get()).get("n")).toBe(count);
    expect(Math.max(...attempts)).toBeLessThanOrEqual(2);
    await firestore.terminate();
    await deleteApp(app);
  },
);
