import { z } from "zod";

const text = z.string().min(1, "must not be empty");
const postgresUrl = z
  .string()
  .refine(isPostgresUrl, "must be a URL like postgres://user:password@host:5432/database");

/**
 * Every setting, by the name of its environment variable: how its text is checked, and what stands when nobody sets it.
 * All layers hold text; what comes out is typed.
 */
export const settingsSchema = z.object({
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_POOL_SIZE: wholeNumber(1, 1000).default(10),
  TEST_DATABASE_URL: postgresUrl.optional(),
  DATA_ENCRYPTION_KEY: text.optional(),
  REGISTRY_PATH: text.default("db/registry/clnt_column_registry.yml"),
  VENDOR_BLUEPRINTS_DIR: text.default("db/vendor_blueprints"),
  MIGRATIONS_DIR: text.default("migrations"),
  GENERATE_OUT: text.default("src/models"),
  SCHEMA_PATH: text.default("db/schema.sql"),
  FIRESTORE_TYPES_PATH: text.default("firebase/types/firestore.ts"),
  FIRESTORE_INDEXES_PATH: text.default("firebase/firestore.indexes.json"),
  FIRESTORE_RULES_PATH: text.default("firebase/firestore.rules"),
  CTB_DATA_DIR: text.default(".ctb-data"),
  FIREBASE_PROJECT_ID: text.optional(),
  FIREBASE_PRIVATE_KEY_PATH: text.optional(),
  FIREBASE_PRIVATE_KEY: text.optional(),
  FIREBASE_CLIENT_EMAIL: text.optional(),
  FIRESTORE_EMULATOR_HOST: text.optional(),
  BACKUP_ENABLED: trueOrFalse().default(false),
  BACKUP_SCHEDULE: text.default("0 2 * * *"),
  BACKUP_STORAGE: text.default("local"),
  BACKUP_RETENTION_DAYS: wholeNumber(1, 36_500).default(30),
  NODE_ENV: text.optional(),
});

/** The settings of one run, checked. */
export type Settings = Readonly<z.infer<typeof settingsSchema>>;

/** The name of a setting: that of its environment variable. */
export type SettingName = keyof Settings;

/** What people are told about a setting. */
export interface SettingFacts {
  /** Its place in `global-config.yaml`, under `data` or at the top. Undefined: it does not belong there. */
  readonly yaml?: string;
  /** Its value is never printed. */
  readonly secret?: true;
  readonly about: string;
  /** What stands behind the `=` in `.env.example` when there is no default. */
  readonly example?: string;
}

/** The facts of every setting, in the order in which they are explained to people. */
export const settingFacts: Readonly<Record<SettingName, SettingFacts>> = {
  DATABASE_URL: {
    yaml: "database.url",
    secret: true,
    about:
      "The PostgreSQL database. On Neon take the direct host, not the -pooler one: migrations need a session of their own. Without it an embedded PostgreSQL is used, except with NODE_ENV=production.",
    example: "postgres://user:password@host:5432/database?sslmode=verify-full",
  },
  DATABASE_POOL_SIZE: {
    yaml: "database.pool_size",
    about: "How many connections may be open at once.",
  },
  TEST_DATABASE_URL: {
    secret: true,
    about:
      "A server on which tests may create and drop databases. Without it tests use the embedded one.",
    example: "postgres://user:password@localhost:5432/postgres",
  },
  DATA_ENCRYPTION_KEY: {
    secret: true,
    about:
      "The keys of the columns that the registry marks `encrypted: true`: 32 bytes each in base64 or hexadecimal, separated by commas, the newest first. Make one: openssl rand -base64 32",
  },
  REGISTRY_PATH: {
    yaml: "registry.path",
    about: "The column registry: a file, or a folder whose *.yml and *.yaml are merged.",
  },
  VENDOR_BLUEPRINTS_DIR: {
    yaml: "vendor_blueprints.dir",
    about: "The folder of the vendor blueprints, one file each.",
  },
  MIGRATIONS_DIR: { yaml: "migrations.dir", about: "The folder of the SQL migrations." },
  GENERATE_OUT: { yaml: "generate.out", about: "The folder of the generated models." },
  SCHEMA_PATH: {
    yaml: "generate.schema",
    about: "The generated file with the whole schema in SQL.",
  },
  FIRESTORE_TYPES_PATH: {
    yaml: "generate.firestore_types",
    about: "The generated file with the types of the Firestore documents.",
  },
  FIRESTORE_INDEXES_PATH: {
    yaml: "generate.firestore_indexes",
    about: "The generated file with the indexes of Firestore: firebase deploy takes it.",
  },
  FIRESTORE_RULES_PATH: {
    yaml: "generate.firestore_rules",
    about: "The generated file with the security rules of Firestore: firebase deploy takes it.",
  },
  CTB_DATA_DIR: {
    yaml: "state.dir",
    about: "Embedded databases and local state. Belongs in .gitignore.",
  },
  FIREBASE_PROJECT_ID: {
    yaml: "firebase.project_id",
    about:
      "The Firebase project. Without it and without FIRESTORE_EMULATOR_HOST an embedded Firestore is used, except with NODE_ENV=production.",
    example: "my-project",
  },
  FIREBASE_PRIVATE_KEY_PATH: {
    yaml: "firebase.private_key_path",
    about:
      "The service-account file of the project. Without one, that of the machine: Google Cloud has one.",
    example: "./service-account.json",
  },
  FIREBASE_PRIVATE_KEY: {
    secret: true,
    about:
      "Or its private key, together with FIREBASE_CLIENT_EMAIL. Line ends may be written as \\n.",
    example: "-----BEGIN PRIVATE KEY-----…",
  },
  FIREBASE_CLIENT_EMAIL: {
    yaml: "firebase.client_email",
    about: "The e-mail address of the service account.",
    example: "name@my-project.iam.gserviceaccount.com",
  },
  FIRESTORE_EMULATOR_HOST: {
    yaml: "firebase.emulator_host",
    about: "A Firestore emulator to use instead of the project.",
    example: "localhost:8080",
  },
  BACKUP_ENABLED: { yaml: "backup.enabled", about: "Whether backups run on the schedule." },
  BACKUP_SCHEDULE: {
    yaml: "backup.schedule",
    about: "When backups run: minute, hour, day of month, month, day of week.",
  },
  BACKUP_STORAGE: { yaml: "backup.storage", about: "Where backups are kept." },
  BACKUP_RETENTION_DAYS: {
    yaml: "backup.retention_days",
    about: "How many days a backup is kept.",
  },
  NODE_ENV: {
    about: "With `production` the embedded databases are refused.",
    example: "production",
  },
};

/** Every setting, in the order in which they are explained. */
export const settingNames: readonly SettingName[] = settingsSchema.keyof().options;

function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/u, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

function trueOrFalse() {
  return z
    .string()
    .regex(/^(true|false|1|0|yes|no|on|off)$/iu, "must be true or false")
    .transform((value) => /^(true|1|yes|on)$/iu.test(value));
}

function isPostgresUrl(value: string): boolean {
  // `user@/database?host=/socket/folder` is not a URL by the letter: the rest is the business of packages/postgres.
  return /^postgres(ql)?:\/\/[^\s]+$/u.test(value);
}
