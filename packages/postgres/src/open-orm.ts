import type { MikroORM } from "@mikro-orm/postgresql";
import type { SessionSource } from "./session-source.ts";
import type { DatabaseContext } from "./database-context.ts";

/** @internal */
export async function openOrm(_context: DatabaseContext, _source: SessionSource): Promise<MikroORM> {
  throw new Error("not yet");
}
