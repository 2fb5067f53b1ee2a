import { z } from "zod";
import { holdsSecret } from "./holds-secret.ts";

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
  BACKUP_TIMEZONE: text.default("UTC"),
  BACKUP_STORAGE: text
    .refine(
      (value) => !holdsSecret(value),
      "must not hold a key: those of a bucket are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    )
    .default("local"),
  BACKUP_S3_ENDPOINT: z
    .string()
    .regex(/^https?:\/\/[^\s@]+$/u, "must be a URL like https://host:port, without a password")
    .optional(),
  BACKUP_S3_REGION: text.optional(),
  AWS_ACCESS_KEY_ID: text.optional(),
  AWS_SECRET_ACCESS_KEY: text.optional(),
  AWS_SESSION_TOKEN: text.optional(),
  BACKUP_ENCRYPTION: z.literal(["age", "none"], "must be age or none").default("age"),
  BACKUP_RECIPIENTS: keyList(
    /^age1[a-z\d]+$/u,
    "public keys of age (age1…), separated by commas",
  ).optional(),
  BACKUP_IDENTITY_PATH: keyPath().optional(),
  BACKUP_SIGNING_KEY_PATH: keyPath().optional(),
  BACKUP_SIGNING_KEY: text.optional(),
  BACKUP_PUBLIC_KEY: keyList(
    /^RW[\w+/]{54}$/u,
    "public keys of minisign (RW…), separated by commas",
  ).optional(),
  BACKUP_RETENTION_DAYS: wholeNumber(1, 36_500).default(30),
  BACKUP_MIN_KEEP: wholeNumber(1, 36_500).default(3),
  BACKUP_KEEP_DAILY: wholeNumber(0, 36_500).optional(),
  BACKUP_KEEP_WEEKLY: wholeNumber(0, 36_500).optional(),
  BACKUP_KEEP_MONTHLY: wholeNumber(0, 36_500).optional(),
  BACKUP_KEEP_YEARLY: wholeNumber(0, 36_500).optional(),
  BACKUP_SOURCE: text.optional(),
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
  /** A bad value is not printed: it may be a secret key that was pasted into the wrong place. */
  readonly quiet?: true;
  /** Several values, separated by commas; a list in `global-config.yaml`. */
  readonly list?: true;
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
  BACKUP_ENABLED: {
    yaml: "backup.enabled",
    about: "Whether `ctb-data backup schedule` makes backups.",
  },
  BACKUP_SCHEDULE: {
    yaml: "backup.schedule",
    about: "When backups run: minute, hour, day of month, month, day of week.",
  },
  BACKUP_TIMEZONE: {
    yaml: "backup.timezone",
    about: "The time zone of the schedule, and of days, weeks and months of retention.",
  },
  BACKUP_STORAGE: {
    yaml: "backup.storage",
    about:
      "Where backups are kept: a folder, s3://bucket/prefix, or local for CTB_DATA_DIR/backups.",
  },
  BACKUP_S3_ENDPOINT: {
    yaml: "backup.s3_endpoint",
    about: "The server of the bucket when it is not Amazon's.",
    example: "https://s3.example.com",
  },
  BACKUP_S3_REGION: {
    yaml: "backup.s3_region",
    about: "The region of the bucket.",
    example: "eu-central-1",
  },
  AWS_ACCESS_KEY_ID: {
    about:
      "The account that the bucket is opened with. Without one, what the AWS SDK finds itself.",
    example: "AKIA…",
  },
  AWS_SECRET_ACCESS_KEY: { secret: true, about: "The secret key of AWS_ACCESS_KEY_ID." },
  AWS_SESSION_TOKEN: { secret: true, about: "Its token, when the account is a temporary one." },
  BACKUP_ENCRYPTION: {
    yaml: "backup.encryption",
    about: "age: backups are encrypted for BACKUP_RECIPIENTS. none: they are stored in the clear.",
  },
  BACKUP_RECIPIENTS: {
    quiet: true,
    yaml: "backup.recipients",
    list: true,
    about:
      "Whoever may open the backups: public keys (age1…), separated by commas. Give two: one for daily use, one that is kept off-line. Make them: ctb-data backup keys create",
    example: "age1…,age1…",
  },
  BACKUP_IDENTITY_PATH: {
    quiet: true,
    yaml: "backup.identity_path",
    about:
      "The file of a secret key that opens backups, for restore and drills. The machine that only makes backups needs none.",
    example: "./backup-identity.txt",
  },
  BACKUP_SIGNING_KEY_PATH: {
    quiet: true,
    yaml: "backup.signing_key_path",
    about: "The file of the minisign secret key that signs backups.",
    example: "./backup-signing.key",
  },
  BACKUP_SIGNING_KEY: {
    secret: true,
    about: "Or that key itself, where there are no files: the second line of its file.",
  },
  BACKUP_PUBLIC_KEY: {
    quiet: true,
    yaml: "backup.public_key",
    list: true,
    about:
      "The minisign public keys whose backups are trusted, separated by commas. Without any, that of the signing key.",
    example: "RW…",
  },
  BACKUP_RETENTION_DAYS: {
    yaml: "backup.retention_days",
    about: "How many days a backup is kept.",
  },
  BACKUP_MIN_KEEP: {
    yaml: "backup.min_keep",
    about: "So many of the newest verified backups are kept, however old.",
  },
  BACKUP_KEEP_DAILY: {
    yaml: "backup.keep_daily",
    about: "Beyond these days: the newest backup of each of so many days is kept.",
    example: "0",
  },
  BACKUP_KEEP_WEEKLY: { yaml: "backup.keep_weekly", about: "The same for weeks.", example: "0" },
  BACKUP_KEEP_MONTHLY: { yaml: "backup.keep_monthly", about: "The same for months.", example: "0" },
  BACKUP_KEEP_YEARLY: { yaml: "backup.keep_yearly", about: "The same for years.", example: "0" },
  BACKUP_SOURCE: {
    yaml: "backup.source",
    about:
      "The name of the series of backups. Without it, one made of the names of database and project.",
    example: "production",
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

/** Public keys, separated by commas or white space. */
function keyList(pattern: RegExp, wanted: string) {
  return z
    .string()
    .refine((value) => !holdsSecret(value), {
      error:
        "holds a secret key where public keys belong; make another one if others may have seen it",
      abort: true,
    })
    .transform((value) => value.split(/[\s,]+/u).filter((key) => key !== ""))
    .refine(
      (keys) => keys.length > 0 && keys.every((key) => pattern.test(key)),
      `must be ${wanted}`,
    )
    .transform((keys): readonly string[] => [...new Set(keys)]);
}

/** The path of a file that holds a secret key. */
function keyPath() {
  return text.refine(
    (value) => !holdsSecret(value),
    "must be the path of a file, not the secret key itself",
  );
}
