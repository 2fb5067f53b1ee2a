import { migrationStatus } from "@ctb-data/migrations";
import { parseKeyring } from "@ctb-data/models";
import { isPooledHost, type Postgres } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import packageJson from "../../package.json" with { type: "json" };
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import { type LoadedSettings, settingPath } from "../config/load-settings.ts";
import { countOf } from "../terminal/count-of.ts";
import { checkBackup } from "./check-backup.ts";
import { checkBlueprints } from "./check-blueprints.ts";
import { checkConstraints } from "./check-constraints.ts";
import { checkFirestore } from "./check-firestore.ts";
import { type Check, failed } from "./check.ts";
import { checkPlan, planGenerated } from "./generated-files.ts";
import { loadProjectRegistry } from "./load-project-registry.ts";
import { openDatabase } from "./open-database.ts";
import { shownPath } from "./shown-path.ts";

/** Looks at everything that a project needs. What fails is among the checks; nothing is thrown but an interruption. */
export async function checkProject(context: CommandContext): Promise<readonly Check[]> {
  const checks: Check[] = [checkNode()];
  let loaded: LoadedSettings;
  try {
    loaded = await context.settings();
  } catch (error) {
    return [...checks, failed("configuration", error)];
  }
  checks.push(checkConfiguration(loaded), checkKey(loaded));
  const registry = await attempt(() => loadProjectRegistry(context, loaded.settings));
  if (registry.value === undefined) {
    checks.push(failed("registry", registry.error));
  } else {
    checks.push(checkEncryption(registry.value, loaded));
    checks.push({
      name: "registry",
      result: "ok",
      found: `${countOf(registry.value.tables.size, "table")} in ${shownPath(settingPath(context.dir, loaded.settings.REGISTRY_PATH))}`,
    });
    checks.push(await checkBlueprintFiles(context, loaded, registry.value));
    checks.push(await checkFiles(context, loaded, registry.value));
  }
  checks.push(...(await checkDatabase(context, loaded, registry.value)));
  if (registry.value !== undefined) {
    checks.push(...(await checkFirestore(context, loaded, registry.value)));
  }
  checks.push(...(await checkBackup(context, loaded)));
  return checks;
}

function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const good = (major === 22 && minor >= 18) || (major === 24 && minor >= 11) || major > 24;
  const found = `Node.js ${process.versions.node}`;
  return good
    ? { name: "node", result: "ok", found }
    : { name: "node", result: "fail", found, todo: `Install Node.js ${packageJson.engines.node}.` };
}

function checkConfiguration({ given, warnings }: LoadedSettings): Check {
  const origins = new Set([...given.values()].map(({ origin }) => origin.replace(/:\d.*$/u, "")));
  const found =
    given.size === 0
      ? "defaults only"
      : `${countOf(given.size, "setting")} from ${[...origins].join(", ")}`;
  return warnings.length === 0
    ? { name: "configuration", result: "ok", found }
    : { name: "configuration", result: "warn", found, todo: warnings.join(" ") };
}

function checkKey({ settings }: LoadedSettings): Check {
  const name = "encryption key";
  if (settings.DATA_ENCRYPTION_KEY === undefined) {
    return { name, result: "ok", found: "not set" };
  }
  try {
    const { keyIds } = parseKeyring(settings.DATA_ENCRYPTION_KEY);
    return {
      name,
      result: "ok",
      found: `${countOf(keyIds.length, "key")}, newest ${keyIds[0] ?? ""}`,
    };
  } catch (error) {
    return failed(name, error);
  }
}

function checkEncryption(registry: Registry, { settings }: LoadedSettings): Check {
  const encrypted = [...registry.tables.values()].flatMap((table) =>
    [...table.columns.values()]
      .filter(({ encryption }) => encryption !== undefined)
      .map(({ name }) => `${table.name}.${name}`),
  );
  const name = "encrypted columns";
  if (encrypted.length > 0 && settings.DATA_ENCRYPTION_KEY === undefined) {
    return {
      name,
      result: "fail",
      found: `${encrypted.join(", ")}, and no key`,
      todo: "Set DATA_ENCRYPTION_KEY in .env or the environment.",
    };
  }
  return { name, result: "ok", found: encrypted.join(", ") || "none" };
}

async function checkBlueprintFiles(
  { dir, signal }: CommandContext,
  { settings }: LoadedSettings,
  registry: Registry,
): Promise<Check> {
  const name = "vendor blueprints";
  const path = settingPath(dir, settings.VENDOR_BLUEPRINTS_DIR);
  const checked = await attempt(() => checkBlueprints(path, registry, { signal }));
  if (checked.value === undefined) {
    return failed(name, checked.error);
  }
  const { files, problems } = checked.value;
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const found = `${countOf(files, "file")} in ${shownPath(path)}`;
  if (errors > 0) {
    const todo = "ctb-data registry validate";
    return { name, result: "fail", found: `${found}, ${countOf(errors, "error")}`, todo };
  }
  const missing = ["blueprints", "imo_processes"].filter((table) => !registry.tables.has(table));
  return files === 0 || missing.length === 0
    ? { name, result: "ok", found }
    : {
        name,
        result: "warn",
        found: `${found}, and no table ${missing.join(" and ")} in the registry`,
        todo: "ctb-data imo keeps its runs there: ctb-data init shows how they look.",
      };
}

async function checkFiles(
  { dir }: CommandContext,
  { settings }: LoadedSettings,
  registry: Registry,
): Promise<Check> {
  const name = "generated files";
  const differences = await attempt(
    async () => await checkPlan(await planGenerated(registry, { dir, settings })),
  );
  if (differences.value === undefined) {
    return failed(name, differences.error);
  }
  return differences.value.length === 0
    ? { name, result: "ok", found: "up to date" }
    : {
        name,
        result: "warn",
        found: `${countOf(differences.value.length, "file")} not up to date: ${differences.value.map(({ path }) => path).join(", ")}`,
        todo: "ctb-data generate",
      };
}

async function checkDatabase(
  context: CommandContext,
  loaded: LoadedSettings,
  registry: Registry | undefined,
): Promise<readonly Check[]> {
  try {
    await using database = await openDatabase(context, loaded.settings);
    return [
      ...(await checkConnection(database.db, loaded)),
      await checkMigrations(context, loaded, database.db),
      await checkConstraints(database.db, {
        schema: registry?.schema ?? "public",
        signal: context.signal,
      }),
    ];
  } catch (error) {
    context.signal.throwIfAborted();
    return [failed("database", error)];
  }
}

async function checkConnection(
  db: Postgres,
  { settings }: LoadedSettings,
): Promise<readonly Check[]> {
  const health = await db.health();
  if (!health.ok) {
    return [
      failed(
        "database",
        new CliError("NOT_FOUND", health.error.message, { hint: health.error.hint ?? "" }),
      ),
    ];
  }
  const where = settings.DATABASE_URL === undefined ? "embedded" : health.description;
  const found = `PostgreSQL ${health.version}, ${where}, ${Math.round(health.latencyMs)} ms`;
  const checks: Check[] = [
    health.writable
      ? { name: "database", result: "ok", found }
      : {
          name: "database",
          result: "warn",
          found: `${found}, read-only`,
          todo: "Migrations need a database that can be written to.",
        },
  ];
  if (settings.DATABASE_URL === undefined) {
    return checks;
  }
  // Where TLS is off for a host that is not local, the URL says so itself: it is on otherwise.
  const isChosen = /[?&]sslmode=(disable|allow|prefer)\b/u.test(settings.DATABASE_URL);
  checks.push(
    health.encrypted || !isChosen
      ? { name: "TLS", result: "ok", found: health.encrypted ? "encrypted" : "not needed: local" }
      : {
          name: "TLS",
          result: "warn",
          found: "not encrypted, as sslmode in DATABASE_URL says",
          todo: "Say ?sslmode=verify-full in DATABASE_URL unless the network is your own.",
        },
  );
  const { pooled, directHost } = isPooledHost(settings.DATABASE_URL);
  checks.push(
    pooled
      ? {
          name: "host",
          result: "warn",
          found: "a pooler, not PostgreSQL itself",
          todo: `Migrations need the direct host: ${directHost}.`,
        }
      : { name: "host", result: "ok", found: "direct, not a pooler" },
  );
  return checks;
}

async function checkMigrations(
  { dir }: CommandContext,
  { settings }: LoadedSettings,
  db: Postgres,
): Promise<Check> {
  const name = "migrations";
  const status = await attempt(() =>
    migrationStatus(db, { dir: shownPath(settingPath(dir, settings.MIGRATIONS_DIR)) }),
  );
  if (status.value === undefined) {
    return failed(name, status.error);
  }
  const { migrations, pending, problems } = status.value;
  const errors = problems.filter(({ severity }) => severity === "error");
  const stuck = migrations.filter(({ state }) => state === "failed" || state === "unfinished");
  if (stuck.length > 0) {
    const names = stuck.map((each) => `${each.name} ${each.state}`).join(", ");
    return { name, result: "fail", found: names, todo: "ctb-data migrate retry" };
  }
  if (errors.length > 0) {
    return {
      name,
      result: "fail",
      found: countOf(errors.length, "problem"),
      todo: "ctb-data migrate verify",
    };
  }
  return pending > 0
    ? { name, result: "warn", found: `${pending} pending`, todo: "ctb-data migrate up" }
    : { name, result: "ok", found: `${countOf(migrations.length, "migration")}, all applied` };
}

async function attempt<T>(
  work: () => Promise<T>,
): Promise<
  | { readonly value: T; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: unknown }
> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error };
  }
}
