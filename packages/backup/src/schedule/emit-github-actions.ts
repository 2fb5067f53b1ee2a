import { BackupError } from "../backup-error.ts";
import type { EmitJob, EmittedFile } from "./emit-job.ts";
import { shellQuoted } from "./shell-quoted.ts";
import { portablePattern } from "./wake-times.ts";

/** Variables that are secrets of the repository. */
const secrets = [
  "DATABASE_URL",
  "FIREBASE_PROJECT_ID",
  "FIREBASE_PRIVATE_KEY",
  "FIREBASE_CLIENT_EMAIL",
  "BACKUP_STORAGE",
  "BACKUP_RECIPIENTS",
  "BACKUP_SIGNING_KEY",
  "BACKUP_PUBLIC_KEY",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
];

/**
 * A workflow of GitHub Actions. GitHub starts them late when it is busy, and may leave one out: the next one makes up for it. It knows time
 * zones since March 2026, and puts off a time that the zone leaves out.
 *
 * @see {@link https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule schedule}
 */
export function emitGithubActions(job: EmitJob): readonly EmittedFile[] {
  const { name, schedule, args, directory } = job;
  const unsafe = [...args, directory ?? ""].find((text) => text.includes("${{"));
  if (unsafe !== undefined) {
    throw new BackupError(
      "INVALID_OPTIONS",
      `${JSON.stringify(unsafe)} would be an expression of GitHub Actions.`,
      {
        hint: "Leave out `${{`.",
      },
    );
  }
  const zone =
    schedule.timeZone === "UTC" ? [] : [`      timezone: ${JSON.stringify(schedule.timeZone)}`];
  const place =
    directory === undefined ? [] : [`        working-directory: ${JSON.stringify(directory)}`];
  const text = [
    `# ${schedule.pattern} (${schedule.timeZone}). The storage must be a bucket: this machine is gone afterwards.`,
    `name: ${name}`,
    "on:",
    "  schedule:",
    `    - cron: ${JSON.stringify(portablePattern(schedule))}`,
    ...zone,
    "  workflow_dispatch:",
    "permissions:",
    "  contents: read",
    "concurrency:",
    `  group: ${name}`,
    "  cancel-in-progress: false",
    "jobs:",
    "  backup:",
    "    runs-on: ubuntu-latest",
    "    timeout-minutes: 350",
    "    steps:",
    "      - uses: actions/checkout@v4",
    "      - uses: actions/setup-node@v4",
    "        with:",
    "          node-version: 24",
    "      - run: npm ci",
    ...place,
    `      - run: ${JSON.stringify(args.map(shellQuoted).join(" "))}`,
    ...place,
    "        env:",
    ...secrets.map((secret) => `          ${secret}: \${{ secrets.${secret} }}`),
    "",
  ].join("\n");
  return [{ name: `.github/workflows/${name}.yml`, text }];
}
