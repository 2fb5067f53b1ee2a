import type { Storage, Upload } from "../src/storage/storage.ts";

/** Called before each operation of a storage, reads included, with what it is. */
export type BeforeStep = (step: string) => Promise<void>;

/** A storage that calls the test before every step. What the test throws is what the step ends with. */
export function stepStorage(storage: Storage, beforeStep: BeforeStep): Storage {
  const upload = (key: string, inner: Upload): Upload => ({
    write: async (chunk) => {
      await beforeStep(`write ${key}`);
      await inner.write(chunk);
    },
    complete: async () => {
      await beforeStep(`complete ${key}`);
      return await inner.complete();
    },
    abort: async () => await inner.abort(),
  });
  return {
    description: storage.description,
    put: async (key, body, options) => {
      await beforeStep(`put ${key}`);
      return await storage.put(key, body, options);
    },
    get: async (key, options) => {
      await beforeStep(`get ${key}`);
      return await storage.get(key, options);
    },
    head: async (key, options) => {
      await beforeStep(`head ${key}`);
      return await storage.head(key, options);
    },
    delete: async (keys, options) => {
      await beforeStep(`delete ${keys.join(" ")}`);
      await storage.delete(keys, options);
    },
    openUpload: async (key, options) => {
      await beforeStep(`upload ${key}`);
      return upload(key, await storage.openUpload(key, options));
    },
    openRead: async (key, options) => {
      await beforeStep(`read ${key}`);
      return await storage.openRead(key, options);
    },
    list: (prefix, options) => storage.list(prefix, options),
    sweepUploads: async (prefix, before, options) => {
      await beforeStep(`sweep ${prefix}`);
      return await storage.sweepUploads(prefix, before, options);
    },
    probe: async (options) => await storage.probe(options),
    close: async () => await storage.close(),
    [Symbol.asyncDispose]: async () => await storage.close(),
  };
}
