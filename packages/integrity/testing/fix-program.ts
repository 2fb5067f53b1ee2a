import { openPostgres, type Connection, type Postgres } from "@ctb-data/postgres";
import { fixFindings } from "../src/fix/fix-findings.ts";
import { undoFix } from "../src/fix/undo-fix.ts";
import { once } from "./fix-scans.ts";
import { shopRegistry, shopTargets } from "./fix-shop.ts";

/** Fixes or undoes, and kills itself with SIGKILL at a moment: `node fix-program.ts WORK URL RUN MOMENT`. */
const [work = "", url = "", run = "", at = ""] = process.argv.slice(2);
const moment = Number(at);
let moments = 0;

/** A session that counts its statements. */
function counting(connection: Connection): Connection {
  return new Proxy(connection, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== "query") return typeof value === "function" ? value.bind(target) : value;
      return async (...parameters: Parameters<Connection["query"]>) => {
        if (moments === moment) await die();
        const answer = target.query(...parameters);
        moments += 1;
        if (moments === moment) {
          answer.catch(() => undefined);
          // Behind the write to the socket.
          await new Promise((resolve) => setImmediate(resolve));
          await die();
        }
        moments += 1;
        return await answer;
      };
    },
  });
}

async function die(): Promise<void> {
  process.kill(process.pid, "SIGKILL");
  await new Promise(() => undefined);
}

const opened = await openPostgres({ url, registry: shopRegistry });
const postgres = new Proxy(opened, {
  get: (target, name) => {
    const value: unknown = Reflect.get(target, name, target);
    if (name === "withConnection") {
      const lend: Postgres["withConnection"] = async (fn, options) =>
        await target.withConnection(async (connection) => await fn(counting(connection)), options);
      return lend;
    }
    return typeof value === "function" ? value.bind(target) : value;
  },
});
const stores = { postgres, registry: shopRegistry };
if (work === "fix") await fixFindings(stores, {}, once(shopTargets));
else await undoFix(stores, { run });
await opened.close();
process.stdout.write(`${moments}\n`);
