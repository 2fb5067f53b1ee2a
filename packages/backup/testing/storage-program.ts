import { setTimeout as sleep } from "node:timers/promises";
import { BackupError } from "../src/backup-error.ts";
import { acquireLease } from "../src/storage/lease.ts";
import { openStorage } from "../src/storage/open-storage.ts";

/** A process of its own that works with a storage, for tests that kill it. It says what it did, one line for each thing. */
const [what = "", options = "{}", key = "", ...rest] = process.argv.slice(2);
const storage = await openStorage(JSON.parse(options));
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const ttlMs = Number(rest[0] ?? 1000);

const works: Readonly<Record<string, () => Promise<void>>> = {
  /** Puts the key again and again, whole bodies of one letter. */
  put: async () => {
    for (let count = 0; ; count += 1) {
      await storage.put(key, Buffer.alloc(300_000, "abcdefgh".charAt(count % 8)));
      if (count === 0) say("begun");
    }
  },
  /** Replaces the number in the key by the next one, as often as asked. */
  count: async () => {
    let done = 0;
    while (done < Number(rest[0])) {
      const found = await storage.get(key);
      if (!found) throw new Error("There is nothing to count.");
      const next = Number(Buffer.from(found.body).toString()) + 1;
      try {
        await storage.put(key, Buffer.from(String(next)), { ifMatch: found.etag });
        done += 1;
        say(String(next));
      } catch (error) {
        if (!(error instanceof BackupError) || error.code !== "CONFLICT") throw error;
      }
    }
  },
  /** Creates keys with a condition; says which it got. */
  claim: async () => {
    for (let at = 0; at < Number(rest[0]); at += 1) {
      const won = await storage
        .put(`${key}/${at}`, Buffer.from(String(process.pid)), { ifAbsent: true })
        .then(
          () => true,
          () => false,
        );
      if (won) say(String(at));
    }
  },
  /** Writes large objects one after the other. */
  upload: async () => {
    for (let count = 0; ; count += 1) {
      const upload = await storage.openUpload(`${key}/${count}`);
      for (let at = 0; at < 20; at += 1) await upload.write(Buffer.alloc(50_000, count));
      await upload.complete();
      say(`${key}/${count}`);
    }
  },
  /** Creates and removes, so that folders come and go. */
  churn: async () => {
    for (let count = 0; count < Number(rest[0]); count += 1) {
      await storage.put(`${key}/${process.pid}`, Buffer.from("x"));
      await storage.delete([`${key}/${process.pid}`]);
    }
    say("done");
  },
  /** Takes the lease and keeps it. */
  hold: async () => {
    const lease = await acquireLease(storage, { key, ttlMs, holder: `holder ${process.pid}` });
    say(lease.token);
    lease.signal.addEventListener("abort", () => say("lost"));
    await sleep(600_000);
  },
  /** Takes the lease, works under it for a moment, and gives it up, again and again. */
  turns: async () => {
    for (let turn = 0; turn < Number(rest[1]);) {
      try {
        const lease = await acquireLease(storage, { key, ttlMs });
        const found = await storage.get("inside");
        if (found && Buffer.from(found.body).toString() !== "nobody") say("two at once");
        await storage.put("inside", Buffer.from(String(process.pid)));
        await sleep(5);
        await storage.put("inside", Buffer.from("nobody"));
        await lease.release();
        turn += 1;
      } catch (error) {
        if (!(error instanceof BackupError) || error.code !== "LOCKED") throw error;
      }
    }
    say("done");
  },
};
await works[what]?.();
await storage.close();
