import { constants } from "node:fs";
import { open, readdir, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { RegistryFile } from "./check-registry.ts";
import { formatProblem, type Problem, type ProblemCode } from "./problem.ts";
import { maxFileBytes } from "./read-yaml.ts";
import { RegistryError, type RegistryErrorCode } from "./registry-error.ts";

/** The largest sum of the files of one folder, in bytes. */
const maxFolderBytes = 8 * maxFileBytes;

/**
 * Reads a registry file, or all `*.yml` and `*.yaml` that are directly in a folder, sorted by name. Files are named as `path` is.
 *
 * @throws {RegistryError} `NOT_FOUND` when there is nothing at `path`, or no such file in the folder; `UNREADABLE` when
 * it is no file (a pipe, a device) or may not be read; `TOO_LARGE` from 4 MiB on; `NOT_UTF8` for other encodings.
 * When several files are bad, `problems` names each.
 */
export async function readRegistryFiles(
  path: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<readonly RegistryFile[]> {
  const paths = await pathsOf(path);
  const files: RegistryFile[] = [];
  const failures: Failure[] = [];
  let total = 0;
  for (const file of paths) {
    options.signal?.throwIfAborted();
    const read = await readOne(file);
    if ("text" in read) {
      files.push(read);
      total += read.text.length;
    } else failures.push(read);
    if (total > maxFolderBytes) {
      throw errorOf([
        failure(
          path,
          "TOO_LARGE",
          `the files of the folder are larger than ${maxFolderBytes} bytes`,
        ),
      ]);
    }
  }
  if (failures.length > 0) throw errorOf(failures);
  return files;
}

/** Why a file cannot be had. */
export interface Failure {
  readonly code: RegistryErrorCode;
  readonly problem: Problem;
  readonly cause?: unknown;
}

const hints: Readonly<Partial<Record<RegistryErrorCode, string>>> = {
  NOT_FOUND:
    "Name the registry file, or the folder that holds its *.yml, for example with REGISTRY_PATH.",
  UNREADABLE: "Name a plain file or a folder that you may read.",
  TOO_LARGE: "Split it into several files of one folder.",
  NOT_UTF8: "Save it as UTF-8.",
};

const problemCodes: Readonly<Partial<Record<RegistryErrorCode, ProblemCode>>> = {
  TOO_LARGE: "too-large",
};

function failure(
  file: string,
  code: RegistryErrorCode,
  message: string,
  place: { readonly line?: number; readonly column?: number; readonly cause?: unknown } = {},
): Failure {
  const { line = 1, column = 1, cause } = place;
  const problem: Problem = {
    severity: "error",
    code: problemCodes[code] ?? "unreadable",
    file,
    line,
    column,
    path: "",
    message,
  };
  return { code, problem, ...(cause === undefined ? {} : { cause }) };
}

function errorOf(failures: readonly [Failure, ...Failure[]] | readonly Failure[]): RegistryError {
  const [first] = failures;
  const problems = failures.map(({ problem }) => problem);
  const message =
    problems.length === 1
      ? `This cannot be read: ${problems.map(formatProblem).join("")}`
      : `These cannot be read:\n  ${problems.map(formatProblem).join("\n  ")}`;
  const code = first?.code ?? "UNREADABLE";
  return new RegistryError(code, message, {
    hint: hints[code] ?? "",
    problems,
    cause: first?.cause,
  });
}

async function pathsOf(path: string): Promise<readonly string[]> {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) return [path];
    const names = await readdir(path);
    const yaml = names.filter((name) => /\.ya?ml$/i.test(name) && !name.startsWith("."));
    if (yaml.length > 0) return yaml.toSorted(byCodeUnits).map((name) => join(path, name));
  } catch (error) {
    throw errorOf([systemFailure(path, error)]);
  }
  throw errorOf([failure(path, "NOT_FOUND", "the folder has no *.yml and no *.yaml")]);
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function systemFailure(file: string, error: unknown): Failure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const cause = { cause: error };
  if (code === "ENOENT" || code === "ENOTDIR")
    return failure(file, "NOT_FOUND", "there is no such file or folder", cause);
  if (code === "EACCES" || code === "EPERM")
    return failure(file, "UNREADABLE", "it may not be read", cause);
  if (code === "ELOOP")
    return failure(file, "UNREADABLE", "it is a symbolic link that leads in a circle", cause);
  if (code === "ERR_INVALID_ARG_VALUE")
    return failure(file, "NOT_FOUND", "the path has a NUL character", cause);
  return failure(file, "UNREADABLE", `it cannot be read${code === "" ? "" : ` (${code})`}`, cause);
}

async function readOne(file: string): Promise<RegistryFile | Failure> {
  let handle: FileHandle | undefined;
  try {
    // Opening a pipe would wait for somebody to write into it.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await handle.stat();
    if (found.isDirectory()) return failure(file, "UNREADABLE", "it is a folder, not a file");
    if (!found.isFile())
      return failure(file, "UNREADABLE", "it is not a plain file but a pipe, a device or a socket");
    if (found.size > maxFileBytes) {
      return failure(
        file,
        "TOO_LARGE",
        `it is ${found.size} bytes long, more than ${maxFileBytes}`,
      );
    }
    return decodeFile(file, await readAtMost(handle, maxFileBytes + 1));
  } catch (error) {
    return systemFailure(file, error);
  } finally {
    await handle?.close();
  }
}

/** Files under /proc say that they are empty, and a file may grow while it is read. */
async function readAtMost(handle: FileHandle, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let length = 0; length < limit;) {
    const { bytesRead, buffer } = await handle.read({
      buffer: new Uint8Array(64 * 1024),
      position: null,
    });
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(chunks);
}

/** The text of a file's bytes, or why it is none. */
export function decodeFile(file: string, bytes: Uint8Array): RegistryFile | Failure {
  if (bytes.length > maxFileBytes)
    return failure(file, "TOO_LARGE", `it is longer than ${maxFileBytes} bytes`);
  const [first = -1, second = -1] = bytes;
  if (
    (first === 0xff && second === 0xfe) ||
    (first === 0xfe && second === 0xff) ||
    first === 0 ||
    second === 0
  ) {
    return failure(file, "NOT_UTF8", "it is UTF-16 or UTF-32, not UTF-8");
  }
  try {
    return { file, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (error) {
    const valid = validPrefix(bytes);
    const line = valid.split("\n").length;
    const column = valid.length - valid.lastIndexOf("\n");
    return failure(file, "NOT_UTF8", "here is a byte that is not UTF-8", {
      line,
      column,
      cause: error,
    });
  }
}

/** The text before the first byte that is not UTF-8. */
function validPrefix(bytes: Uint8Array): string {
  let [low, high] = [0, bytes.length];
  let text = "";
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    try {
      text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, middle), {
        stream: true,
      });
      low = middle;
    } catch {
      high = middle - 1;
    }
  }
  return text;
}
