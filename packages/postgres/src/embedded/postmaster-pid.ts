/** What a server writes into `postmaster.pid`, as far as it has come. */
export interface PostmasterPid {
  readonly pid: number;
  readonly port: number | undefined;
  /** `starting`, `stopping`, `ready` or `standby`. */
  readonly status: string | undefined;
}

/** Reads the text of `postmaster.pid`: process, folder, start time, port, socket folder, address, memory key, status. */
export function parsePostmasterPid(text: string): PostmasterPid | undefined {
  const lines = text.split("\n");
  // A standalone backend writes its number with a minus sign.
  const pid = Math.abs(Number.parseInt(lines[0] ?? "", 10));
  if (!Number.isSafeInteger(pid) || pid === 0) return undefined;
  const port = Number.parseInt(lines[3] ?? "", 10);
  return {
    pid,
    port: Number.isNaN(port) ? undefined : port,
    status: lines[7]?.trim() || undefined,
  };
}
