/** Whether a file-system call failed because nothing is there. */
export function isMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** The code of an error of the operating system (`EACCES`), or undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error &&
    "code" in error &&
    "syscall" in error &&
    typeof error.code === "string"
    ? error.code
    : undefined;
}
