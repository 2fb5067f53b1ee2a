import { BackupError } from "../backup-error.ts";
import { absoluteDirectory, type EmitJob, type EmittedFile } from "./emit-job.ts";
import { onCalendar } from "./on-calendar.ts";

/** A service and a timer, for `/etc/systemd/system`. */
export function emitSystemd(job: EmitJob): readonly EmittedFile[] {
  const { name } = job;
  const dir = `/etc/systemd/system/${name}`;
  return [
    { name: `${dir}.service`, text: serviceOf(job) },
    { name: `${dir}.timer`, text: timerOf(job) },
  ];
}

function serviceOf(job: EmitJob): string {
  const directory = wholeLine(absoluteDirectory(job));
  const user =
    job.user === undefined ? [] : [`User=${wholeLine(job.user)}`, "CapabilityBoundingSet="];
  return lines([
    "[Unit]",
    "Description=Backup of PostgreSQL and Firestore, when one is due",
    "Wants=network-online.target",
    "After=network-online.target",
    "# Six tries in six hours; then the next time of the timer.",
    "StartLimitIntervalSec=6h",
    "StartLimitBurst=6",
    "",
    "[Service]",
    "Type=oneshot",
    `WorkingDirectory=${directory}`,
    `ExecStart=${commandOf(job.args)}`,
    "# 5: another one makes the backup. 2 and 4: wrong configuration, refused; trying again would not help.",
    "SuccessExitStatus=5",
    "RestartPreventExitStatus=2 4",
    "Restart=on-failure",
    "RestartSec=10min",
    "# Time to abort uploads and give up the lease.",
    "TimeoutStopSec=5min",
    "Nice=10",
    "IOSchedulingClass=idle",
    "UMask=0077",
    ...user,
    "NoNewPrivileges=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "# Backups in another folder of this machine need it here, too.",
    `ReadWritePaths=${quoted(absoluteDirectory(job))}`,
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectControlGroups=yes",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "SystemCallArchitectures=native",
  ]);
}

function timerOf({ schedule, now, name, jitterMs = 0 }: EmitJob): string {
  const delay = [`RandomizedDelaySec=${Math.ceil(jitterMs / 1000)}s`, "FixedRandomDelay=yes"];
  return lines([
    `# systemctl daemon-reload && systemctl enable --now ${name}.timer`,
    "[Unit]",
    `Description=Backups at ${wholeLine(schedule.pattern)} (${schedule.timeZone})`,
    "",
    "[Timer]",
    ...onCalendar(schedule, now).map((expression) => `OnCalendar=${expression}`),
    "# A time that was missed while the machine was off is made up for.",
    "Persistent=true",
    "AccuracySec=1s",
    ...(jitterMs > 0 ? delay : []),
    "",
    "[Install]",
    "WantedBy=timers.target",
  ]);
}

function commandOf(args: readonly string[]): string {
  const [program = ""] = args;
  // systemd reads signs in front of the program as prefixes, and expands no variable there, nor `$$`.
  if (/^[^\w/.]|\$/u.test(program)) throw notForSystemd(program);
  return args.map((text) => quoted(text).replaceAll("$", "$$$$")).join(" ");
}

function quoted(text: string): string {
  const escaped = text.replaceAll(/[\\"]/gu, String.raw`\$&`).replaceAll("%", "%%");
  return /^[\w./:=@,+%-]+$/u.test(escaped) ? escaped : `"${escaped}"`;
}

/** For settings that take the rest of the line as it is. */
function wholeLine(text: string): string {
  if (text.endsWith("\\") || text !== text.trim()) throw notForSystemd(text);
  return text.replaceAll("%", "%%");
}

function notForSystemd(text: string): BackupError {
  return new BackupError(
    "INVALID_OPTIONS",
    `${JSON.stringify(text)} cannot be written into a unit of systemd.`,
    {
      hint: "Use a path without dollar signs, trailing backslashes and spaces at its ends.",
    },
  );
}

function lines(texts: readonly string[]): string {
  return `${texts.join("\n")}\n`;
}
