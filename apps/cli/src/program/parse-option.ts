import { InvalidArgumentError } from "@commander-js/extra-typings";

/** Reads the number of a migration: `3`, `003`. */
export function parseVersion(text: string): number {
  if (!/^\d{1,15}$/u.test(text)) {
    throw new InvalidArgumentError("It must be the number of a migration, such as 3 or 003.");
  }
  return Number(text);
}

/** Reads a whole number from 1. */
export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/u.test(text)) {
    throw new InvalidArgumentError("It must be a whole number from 1.");
  }
  return Number(text);
}

/** Reads a whole number from 0. */
export function parseSeed(text: string): number {
  if (!/^\d{1,9}$/u.test(text)) {
    throw new InvalidArgumentError("It must be a whole number from 0.");
  }
  return Number(text);
}

/** Reads a port number. */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/u.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) {
    throw new InvalidArgumentError("It must be a port from 1 to 65535.");
  }
  return port;
}

/** Reads a time in seconds, as milliseconds. */
export function parseSeconds(text: string): number {
  if (!/^\d{1,6}(\.\d{1,3})?$/u.test(text)) {
    throw new InvalidArgumentError("It must be a number of seconds, such as 30 or 0.5.");
  }
  return Math.round(Number(text) * 1000);
}

/** Reads how long a lease is, in seconds, as milliseconds. */
export function parseLease(text: string): number {
  const ms = parseSeconds(text);
  if (ms < 100 || ms > 86_400_000) {
    throw new InvalidArgumentError("It must be from 0.1 to 86400 seconds.");
  }
  return ms;
}

/** Takes an option once: without it the last one would silently win. */
export function once(text: string, before: string | undefined): string {
  if (before !== undefined) {
    throw new InvalidArgumentError(`It was "${before}" before; this command takes one.`);
  }
  return text;
}

/** Collects the values of an option that may be given several times. */
export function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}
