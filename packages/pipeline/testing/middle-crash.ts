import { once } from "node:events";
import { openPostgres } from "@ctb-data/postgres";
import { countedStores } from "./counted-stores.ts";
import type { MiddleWorld } from "./middle-world.ts";
import { runTestMiddle, type TestMiddleOptions } from "./run-test-middle.ts";

/** What happens at a moment: it goes on, what is asked for is never answered, or nothing goes on any more. */
export type Fate = "goes on" | "hangs" | "ends";

/**
 * A runner in this process that ends as one that was killed: what it asks for then is never done, and its sessions are closed. Undefined
 * when it has ended so; else how many moments the whole has.
 *
 * @param fateOf asked at each moment, from 0.
 */
export async function crashingMiddle(
  world: MiddleWorld,
  options: TestMiddleOptions,
  fateOf: (moment: number, name: string) => Fate | Promise<Fate>,
): Promise<number | undefined> {
  const { registry, keyring, url } = world;
  await using postgres = await openPostgres({ url, registry, keyring });
  let moments = 0;
  const crash = new AbortController();
  const crashed = once(crash.signal, "abort").then(() => undefined);
  const stores = countedStores({ ...world.stores, postgres }, async (name) => {
    const fate = crash.signal.aborted ? "hangs" : await fateOf(moments, name);
    if (fate === "ends") crash.abort();
    if (fate !== "goes on") await new Promise(() => undefined);
    moments += 1;
  });
  const whole = runTestMiddle(stores, options).then(() => moments);
  // What it fails with when its sessions are closed is nobody's concern.
  whole.catch(() => undefined);
  const result = await Promise.race([whole, crashed]);
  await postgres.close({ graceMs: 0 });
  return result;
}
