import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  checkBlueprint,
  checkRegistry,
  formatProblem,
  parseRegistry,
  type Problem,
} from "./index.ts";
import { decodeFile } from "./read-registry-files.ts";

const slow = process.env["SLOW"] === "1";
const registryFile = new URL("../seed/clnt_column_registry.yml", import.meta.url);
const blueprintFile = new URL("../seed/vendor_blueprints/acme.yml", import.meta.url);

/** What can happen to the byte at a position. */
const mutations: readonly ((bytes: Buffer, at: number) => Buffer)[] = [
  (bytes, at) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]),
  (bytes, at) => replaced(bytes, at, (bytes[at] ?? 0) ^ 0x01),
  (bytes, at) => replaced(bytes, at, (bytes[at] ?? 0) ^ 0x80),
  (bytes, at) =>
    Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + 1), bytes.subarray(at)]),
  ..."\0\t\n\r :-#&*!|>'\"%@`{}[],?<=~0aA_\\"
    .split("")
    .map(
      (character) => (bytes: Buffer, at: number) => replaced(bytes, at, character.charCodeAt(0)),
    ),
];

function replaced(bytes: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = byte;
  return copy;
}

/** Each position with some mutations, others at the next one; all of them when there is time. */
function* mutated(bytes: Buffer, perPosition: number): Generator<Buffer, void> {
  for (let at = 0; at < bytes.length; at += 1) {
    const count = slow ? mutations.length : perPosition;
    for (let index = 0; index < count; index += 1) {
      const mutate = mutations[(at * count + index) % mutations.length];
      if (mutate !== undefined) yield mutate(bytes, at);
    }
  }
}

/** What is not clear about an answer: one sentence per mutation that a person could not act on. */
function unclear(problems: readonly Problem[], lines: number): readonly string[] {
  const isError = problems.some(({ severity }) => severity === "error");
  const faults = problems.filter((problem) => {
    const isPlace = problem.line >= 1 && problem.line <= lines + 1 && problem.column >= 1;
    return (
      !isPlace || /undefined|\[object|NaN|call stack|at .*\.ts|: $/.test(formatProblem(problem))
    );
  });
  return [...(isError ? [] : ["no error"]), ...faults.map(formatProblem)];
}

test(
  "a registry with one other byte is a registry, or has problems at lines that exist",
  { timeout: 600_000 },
  () => {
    const faults: string[] = [];
    let good = 0;
    for (const bytes of mutated(readFileSync(registryFile), 2)) {
      const decoded = decodeFile("r.yml", bytes);
      if ("problem" in decoded) {
        faults.push(...unclear([decoded.problem], bytes.length));
        continue;
      }
      const { registry, problems } = checkRegistry([decoded]);
      if (registry === undefined)
        faults.push(...unclear(problems, decoded.text.split("\n").length));
      else good += 1;
    }
    expect(faults).toEqual([]);
    expect(good).toBeGreaterThan(0);
  },
);

test(
  "a blueprint with one other byte is a blueprint, or has problems at lines that exist",
  { timeout: 600_000 },
  () => {
    const registry = parseRegistry(readFileSync(registryFile, "utf8"));
    const faults: string[] = [];
    for (const bytes of mutated(readFileSync(blueprintFile), 2)) {
      const decoded = decodeFile("b.yml", bytes);
      if ("problem" in decoded) continue;
      const { blueprint, problems } = checkBlueprint(decoded, registry);
      if (blueprint === undefined)
        faults.push(...unclear(problems, decoded.text.split("\n").length));
    }
    expect(faults).toEqual([]);
  },
);
