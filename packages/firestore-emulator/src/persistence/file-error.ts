import { EmulatorError } from "../emulator-error.ts";

const reasons: Readonly<Record<string, readonly [string, string]>> = {
  EACCES: [
    "may not be read and written by this user",
    "Choose another dataDir, or start as the user who owns it.",
  ],
  EPERM: [
    "may not be changed by this user",
    "Choose another dataDir, or start as the user who owns it.",
  ],
  EROFS: ["is on a file system that cannot be written", "Choose a dataDir that can be written."],
  ENOTDIR: ["is not a folder, or is below a file", "Choose another dataDir."],
  EEXIST: ["is a file, or lies below one", "Choose a dataDir that is a folder or does not exist."],
  ENAMETOOLONG: ["has too long a name", "Choose a shorter dataDir."],
  ELOOP: ["is a symbolic link without end", "Choose another dataDir."],
  ENOENT: ["does not exist and cannot be made", "Choose another dataDir."],
};

/** The code of an error of the file system, such as `ENOENT`. */
export function fileErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** Whether the disk, the quota or the largest size of a file is used up. */
export function isDiskFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EFBIG"].includes(fileErrorCode(error) ?? "");
}

/** What is told where there is no space for what should be written to the folder. */
export function diskFullError(folder: string, cause: unknown): EmulatorError {
  return new EmulatorError("RESOURCES_EXHAUSTED", `There is no space left in ${folder}.`, {
    hint: "Free some space. Nothing that was accepted before is lost.",
    cause,
  });
}

/** The error to show for a failed operation on a file of the folder. What is no error of a file is returned as it is. */
export function folderError(error: unknown, folder: string): unknown {
  const code = fileErrorCode(error);
  if (error instanceof EmulatorError || code === undefined) return error;
  if (isDiskFull(error)) return diskFullError(folder, error);
  const text = error instanceof Error ? error.message : code;
  const [what, hint] = reasons[code] ?? [`cannot be used (${text})`, "Choose another dataDir."];
  return new EmulatorError("DATA_FOLDER_UNUSABLE", `The data folder ${folder} ${what}.`, {
    hint,
    cause: error,
  });
}
