import { blueprintDataOf } from "./blueprint-data.ts";
import { blueprintHeadSchema } from "./blueprint-schema.ts";
import type { VendorBlueprint } from "./blueprint.ts";
import { exportOf } from "./check-export.ts";
import { intakeOf } from "./check-intake.ts";
import type { CheckOptions, RegistryFile } from "./check-registry.ts";
import { checkShape, metaOf, type Checking } from "./check-shape.ts";
import type { Problem } from "./problem.ts";
import { readYaml } from "./read-yaml.ts";
import type { Registry } from "./registry.ts";
import { childOf, isMapAt, Problems, sourceOf, untilTooMany, type Located } from "./yaml-node.ts";

/** All that is wrong with a vendor blueprint, and the blueprint itself when nothing is. */
export interface CheckedBlueprint {
  /** Undefined when there is an error among the problems. */
  readonly blueprint?: VendorBlueprint;
  readonly problems: readonly Problem[];
}

/** Checks a vendor blueprint against the registry. Pure; never throws. */
export function checkBlueprint(
  { file, text }: RegistryFile,
  registry: Registry,
  options: CheckOptions = {},
): CheckedBlueprint {
  const problems = new Problems();
  const blueprint = untilTooMany(() =>
    resolve(readYaml(file, text, problems), registry, {
      problems,
      // A key that is ignored may be one that was to keep rows back, such as "filter".
      strict: options.strict ?? true,
    }),
  );
  const sorted = problems.list.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return problems.errorCount > 0 || blueprint === undefined
    ? { problems: sorted }
    : { blueprint, problems: sorted };
}

function resolve(
  read: ReturnType<typeof readYaml>,
  registry: Registry,
  checking: Checking,
): VendorBlueprint | undefined {
  const { root } = read;
  if (root === undefined) {
    if (checking.problems.errorCount === 0) {
      checking.problems.error(
        { in: read, offset: 0, path: "" },
        "empty",
        "the file is empty",
        'begin with the key "vendor"',
      );
    }
    return undefined;
  }
  const at: Located = { in: read, node: root, offset: root.offset, path: "" };
  const data = checkShape(blueprintHeadSchema, at, checking);
  if (!isMapAt(at)) return undefined;
  const intakeAt = childOf(at, "intake");
  const exportAt = childOf(at, "export");
  const intake = intakeAt === undefined ? undefined : intakeOf(intakeAt, registry, checking);
  const exported = exportAt === undefined ? undefined : exportOf(exportAt, registry, checking);
  if (intakeAt === undefined && exportAt === undefined) {
    checking.problems.error(at, "missing-key", 'the key "intake" or "export" is missing');
  }
  const meta = metaOf(childOf(at, "meta"), checking);
  if (data === undefined) return undefined;
  const version = childOf(at, "version");
  return {
    vendor: data.vendor,
    version: version?.node.kind === "scalar" ? version.node.text : String(data.version),
    ...(data.description === undefined ? {} : { description: data.description }),
    ...(intake === undefined ? {} : { intake }),
    ...(exported === undefined ? {} : { export: exported }),
    meta,
    data: blueprintDataOf(at),
    source: sourceOf(at),
  };
}
