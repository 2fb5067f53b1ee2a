import type { Storage } from "../src/storage/storage.ts";

/** Called before each operation that changes something; a delete of many keys is as many operations. */
export type BeforeChange = (operation: "put" | "delete" | "sweep", key: string) => Promise<void>;

/** A storage that calls the test before each change. What the test throws, or never returns from, stops it there. */
export function faultStorage(storage: Storage, beforeChange: BeforeChange): Storage {
  return {
    description: storage.description,
    put: async (key, body, options) => {
      await beforeChange("put", key);
      return await storage.put(key, body, options);
    },
    delete: async (keys, options) => {
      for (const key of keys) {
        await beforeChange("delete", key);
        await storage.delete([key], options);
      }
    },
    sweepUploads: async (prefix, before, options) => {
      await beforeChange("sweep", prefix);
      return await storage.sweepUploads(prefix, before, options);
    },
    get: async (key, options) => await storage.get(key, options),
    openUpload: async (key, options) => await storage.openUpload(key, options),
    openRead: async (key, options) => await storage.openRead(key, options),
    head: async (key, options) => await storage.head(key, options),
    list: (prefix, options) => storage.list(prefix, options),
    probe: async (options) => await storage.probe(options),
    close: async () => await storage.close(),
    [Symbol.asyncDispose]: async () => await storage.close(),
  };
}
