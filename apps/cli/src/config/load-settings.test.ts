import { describe, expect, test } from "vitest";
import { testDir } from "../../testing/test-dir.ts";
import { flagLayer } from "../command-context.ts";
import { loadSettings } from "./load-settings.ts";

const layered = {
  ".env": "# local\nMIGRATIONS_DIR=from-dotenv\nGENERATE_OUT='dotenv out'\nDATABASE_POOL_SIZE=7\n",
  "global-config.yaml": `data:
  migrations:
    dir: from-yaml
  generate: { out: yaml-out, schema: yaml.sql }
  registry: { path: yaml-registry }
  database: { pool_size: 5 }
`,
};

describe("layers", () => {
  test("a flag wins over the environment, that over .env, that over global-config.yaml, that over defaults", async () => {
    await using dir = await testDir(layered);
    const { settings, given } = await loadSettings({
      dir: dir.path,
      env: { MIGRATIONS_DIR: "from-env", DATABASE_POOL_SIZE: "6" },
      flags: flagLayer({ MIGRATIONS_DIR: { flag: "--migrations", value: "from-flag" } }),
    });
    expect(settings).toMatchObject({
      MIGRATIONS_DIR: "from-flag",
      DATABASE_POOL_SIZE: 6,
      GENERATE_OUT: "dotenv out",
      SCHEMA_PATH: "yaml.sql",
      REGISTRY_PATH: "yaml-registry",
      VENDOR_BLUEPRINTS_DIR: "db/vendor_blueprints",
    });
    expect(given.get("MIGRATIONS_DIR")?.origin).toBe("the flag --migrations");
    expect(given.get("DATABASE_POOL_SIZE")?.origin).toBe("the environment");
    expect(given.get("GENERATE_OUT")?.origin).toBe(".env:3");
    expect(given.get("REGISTRY_PATH")?.origin).toBe("global-config.yaml:5:15");
  });

  test("an empty variable hides the layers below it", async () => {
    await using dir = await testDir({ ".env": "DATABASE_URL=postgres://db.example/app\n" });
    const { settings } = await loadSettings({ dir: dir.path, env: { DATABASE_URL: "" } });
    expect(settings.DATABASE_URL).toBeUndefined();
  });

  test("nothing at all gives the defaults of the design", async () => {
    await using dir = await testDir();
    const { settings, given } = await loadSettings({ dir: dir.path, env: {} });
    expect(given.size).toBe(0);
    expect(settings).toMatchObject({
      DATABASE_POOL_SIZE: 10,
      REGISTRY_PATH: "db/registry/clnt_column_registry.yml",
      MIGRATIONS_DIR: "migrations",
      GENERATE_OUT: "src/models",
      BACKUP_ENABLED: false,
    });
  });

  test("sections may stand at the top of the file too, and data wins", async () => {
    await using dir = await testDir({
      "global-config.yaml":
        "generate: { out: top, schema: top.sql }\ndata: { generate: { out: data } }\n",
    });
    const { settings } = await loadSettings({ dir: dir.path, env: {} });
    expect(settings).toMatchObject({ GENERATE_OUT: "data", SCHEMA_PATH: "top.sql" });
  });

  test("another file of variables and another configuration can be named, and must exist then", async () => {
    await using dir = await testDir({
      "ci.env": "GENERATE_OUT=ci\n",
      "other.yaml": "data: { migrations: { dir: other } }\n",
    });
    const { settings } = await loadSettings({
      dir: dir.path,
      env: {},
      envFile: "ci.env",
      configFile: "other.yaml",
    });
    expect(settings).toMatchObject({ GENERATE_OUT: "ci", MIGRATIONS_DIR: "other" });
    await expect(
      loadSettings({ dir: dir.path, env: {}, envFile: "gone.env" }),
    ).rejects.toMatchObject({ code: "NOT_FOUND", message: "gone.env cannot be read." });
  });
});

describe("what is wrong", () => {
  test("every bad setting is named with where it came from", async () => {
    await using dir = await testDir({
      ".env": "\nDATABASE_POOL_SIZE=ten\n",
      "global-config.yaml": "data:\n  backup:\n    retention_days: 0\n",
    });
    const loading = loadSettings({ dir: dir.path, env: { BACKUP_ENABLED: "maybe" } });
    await expect(loading).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: [
        'DATABASE_POOL_SIZE (from .env:2) must be a whole number from 1 to 1000, not "ten".',
        'BACKUP_ENABLED (from the environment) must be true or false, not "maybe".',
        'BACKUP_RETENTION_DAYS (from global-config.yaml:3:5) must be a whole number from 1 to 36500, not "0".',
      ].join("\n"),
    });
  });

  test("the value of a bad secret is never told", async () => {
    await using dir = await testDir();
    const loading = loadSettings({
      dir: dir.path,
      env: { DATABASE_URL: "mysql://u:hunter22@h/d" },
    });
    await expect(loading).rejects.toMatchObject({
      message:
        "DATABASE_URL (from the environment) must be a URL like postgres://user:password@host:5432/database.",
    });
  });

  test("a password in the committed file is refused", async () => {
    await using dir = await testDir({
      "global-config.yaml": "data: { database: { url: 'postgres://u:hunter22@h/d' } }\n",
    });
    const error: unknown = await loadSettings({ dir: dir.path, env: {} }).catch(
      (each: unknown) => each,
    );
    expect(error).toMatchObject({ code: "INVALID_CONFIG" });
    expect(String(error)).not.toContain("hunter22");
  });

  test.each([
    ["data: [", /^global-config.yaml:1:8 is not valid YAML: /u],
    ["- a\n", /^global-config.yaml:1:1 must be a map/u],
    ["data: { migrations: { dir: [a] } }", /migrations.dir must be a single value/u],
  ])("%j is told with its place", async (text, message) => {
    await using dir = await testDir({ "global-config.yaml": text });
    await expect(loadSettings({ dir: dir.path, env: {} })).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringMatching(message),
    });
  });

  test("an unknown key in a section of ours is a warning, a section of somebody else is not", async () => {
    await using dir = await testDir({
      "global-config.yaml":
        "team: { x: 1 }\ndata:\n  migrations: { folder: x }\n  other: { y: 2 }\n",
    });
    const { warnings } = await loadSettings({ dir: dir.path, env: {} });
    expect(warnings).toEqual([
      "global-config.yaml:3:17 migrations.folder is not a setting; migrations has dir.",
    ]);
  });

  test("an empty file says nothing", async () => {
    await using dir = await testDir({ "global-config.yaml": "# nothing yet\n", ".env": "" });
    expect((await loadSettings({ dir: dir.path, env: {} })).given.size).toBe(0);
  });
});

describe("keys of backups", () => {
  const recipient = `age1${"q".repeat(58)}`;
  const identity = `AGE-SECRET-KEY-1${"Q".repeat(58)}`;
  const publicKey = `RW${"A".repeat(54)}`;

  test("lists are written with commas, and in the file also as lists", async () => {
    await using dir = await testDir({
      ".env": `BACKUP_PUBLIC_KEY="${publicKey}, ${publicKey}"\n`,
      "global-config.yaml": `data: { backup: { recipients: [${recipient}, ${recipient}x] } }\n`,
    });
    const { settings } = await loadSettings({ dir: dir.path, env: {} });
    expect(settings.BACKUP_RECIPIENTS).toEqual([recipient, `${recipient}x`]);
    expect(settings.BACKUP_PUBLIC_KEY).toEqual([publicKey]);
  });

  test.each([
    ["BACKUP_RECIPIENTS", `${recipient},${identity}`],
    ["BACKUP_RECIPIENTS", identity.toLowerCase()],
    ["BACKUP_IDENTITY_PATH", identity],
    ["BACKUP_SIGNING_KEY_PATH", `RWRTY0Iy${"A".repeat(204)}`],
    ["BACKUP_PUBLIC_KEY", `RWRTY0Iy${"A".repeat(204)}`],
  ])("a secret key as %s is refused and not told", async (name, value) => {
    await using dir = await testDir();
    const error: unknown = await loadSettings({ dir: dir.path, env: { [name]: value } }).catch(
      (each: unknown) => each,
    );
    expect(error).toMatchObject({ code: "INVALID_CONFIG" });
    expect(String(error)).toContain(`${name} (from the environment)`);
    expect(String(error)).toContain("secret key");
    expect(String(error)).not.toMatch(/Q{9}|q{9}|A{9}/u);
  });

  test.each([
    ["BACKUP_STORAGE", "s3://AKIA:hunter22@bucket/x", "must not hold a key"],
    ["BACKUP_S3_ENDPOINT", "https://me:hunter22@host", "without a password"],
  ])("a password in %s is refused and not told", async (name, value, message) => {
    await using dir = await testDir();
    const error: unknown = await loadSettings({ dir: dir.path, env: { [name]: value } }).catch(
      (each: unknown) => each,
    );
    expect(error).toMatchObject({ code: "INVALID_CONFIG" });
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain("hunter22");
  });

  test.each([
    ["BACKUP_RECIPIENTS", "ssh-ed25519 AAAA", "must be public keys of age"],
    ["BACKUP_RECIPIENTS", " , ", "must be public keys of age"],
    ["BACKUP_PUBLIC_KEY", "RWshort", "must be public keys of minisign"],
    ["BACKUP_ENCRYPTION", "off", "must be age or none"],
    ["BACKUP_S3_ENDPOINT", "https://user:pw@host", "must be a URL like https://host:port"],
    ["BACKUP_KEEP_DAILY", "-1", "must be a whole number from 0 to 36500"],
    ["BACKUP_MIN_KEEP", "0", "must be a whole number from 1 to 36500"],
  ])("%s=%s is refused", async (name, value, message) => {
    await using dir = await testDir();
    await expect(loadSettings({ dir: dir.path, env: { [name]: value } })).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining(message),
    });
  });
});
