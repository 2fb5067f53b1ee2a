import { nearestName } from "@ctb-data/models";
import {
  checkBlueprint,
  parseBlueprint,
  type Registry,
  type RegistryFile,
  type VendorBlueprint,
} from "@ctb-data/registry";
import { parseDocument } from "yaml";
import { CliError } from "../cli-error.ts";
import { printable } from "../terminal/printable.ts";
import { shellWord } from "../terminal/shell-word.ts";

/** Which way a blueprint must lead. */
export type Direction = "intake" | "export";

interface Wanted {
  /** What `--vendor` says: `acme`, or `acme@2026-01` for one of several versions. Undefined: there is only one that will do. */
  readonly vendor: string | undefined;
  /** Undefined: any. */
  readonly direction: Direction | undefined;
  /** The folder of the blueprints, as people know it. */
  readonly folder: string;
}

/**
 * The vendor blueprint that is meant. Others may be wrong, unless they could be meant as well.
 *
 * @throws {CliError} NOT_FOUND, USAGE with all that could be meant. @throws {RegistryError} INVALID_BLUEPRINT
 */
export function chooseBlueprint(
  files: readonly RegistryFile[],
  registry: Registry,
  wanted: Wanted,
): ChosenBlueprint {
  const { good, bad } = checkAll(files, registry);
  const { vendor, direction, folder } = wanted;
  const bare = bareVendor(vendor, good);
  const broken = bad.find(({ text }) => bare === undefined || mayBeOf(text, bare));
  // It is parsed once more for the error, which names all that is wrong.
  if (broken !== undefined) parseBlueprint(broken.text, registry, { file: broken.file });
  const named =
    vendor === undefined ? good : good.filter(({ blueprint }) => isMeant(blueprint, vendor));
  if (vendor !== undefined && bare !== undefined && named.length === 0) {
    throw unknownVendor(blueprintsOf(good), { word: vendor, bare, folder });
  }
  const fit = named.filter(
    ({ blueprint }) => direction === undefined || blueprint[direction] !== undefined,
  );
  const [only, ...others] = fit;
  if (only === undefined) throw noneFits(blueprintsOf(named), wanted);
  if (others.length > 0) throw severalFit(blueprintsOf(fit), wanted);
  const isAlone = good.every(
    ({ blueprint }) => blueprint === only.blueprint || blueprint.vendor !== only.blueprint.vendor,
  );
  const word = isAlone ? shellWord(printable(only.blueprint.vendor)) : vendorWord(only.blueprint);
  return { ...only, word };
}

/** `acme 2026-01`, as people are told of a blueprint. */
export function blueprintText({ vendor, version }: BlueprintName): string {
  return printable(`${vendor} ${version}`);
}

/** What `--vendor` takes for this very blueprint. */
export function vendorWord({ vendor, version }: BlueprintName): string {
  return shellWord(printable(`${vendor}@${version}`));
}

type BlueprintName = Pick<VendorBlueprint, "vendor" | "version">;

/** A blueprint with the file that it was read from. */
export interface ChosenBlueprint extends ReadBlueprint {
  /** What `--vendor` must say to mean this one. */
  readonly word: string;
}

interface ReadBlueprint {
  readonly blueprint: VendorBlueprint;
  readonly file: RegistryFile;
}

interface CheckedFiles {
  readonly good: readonly ReadBlueprint[];
  readonly bad: readonly RegistryFile[];
}

function checkAll(files: readonly RegistryFile[], registry: Registry): CheckedFiles {
  const good: ReadBlueprint[] = [];
  const bad: RegistryFile[] = [];
  for (const file of files) {
    const { blueprint } = checkBlueprint(file, registry);
    if (blueprint === undefined) bad.push(file);
    else good.push({ blueprint, file });
  }
  return { good, bad };
}

/** Without a version behind it; a vendor's own name may hold an `@`, too. */
function bareVendor(
  vendor: string | undefined,
  good: readonly ReadBlueprint[],
): string | undefined {
  if (vendor === undefined || good.some(({ blueprint }) => blueprint.vendor === vendor))
    return vendor;
  const at = vendor.lastIndexOf("@");
  return at > 0 ? vendor.slice(0, at) : vendor;
}

function isMeant({ vendor, version }: VendorBlueprint, word: string): boolean {
  return word === vendor || word === `${vendor}@${version}`;
}

/** Whether a file that is not right may be about the vendor, as far as can be seen. */
function mayBeOf(text: string, vendor: string): boolean {
  const name: unknown = parseDocument(text).get("vendor");
  return name === undefined || name === vendor;
}

function blueprintsOf(chosen: readonly ReadBlueprint[]): readonly VendorBlueprint[] {
  return chosen.map(({ blueprint }) => blueprint);
}

function unknownVendor(
  good: readonly VendorBlueprint[],
  { word, bare, folder }: { readonly word: string; readonly bare: string; readonly folder: string },
): CliError {
  const versions = good.filter((each) => each.vendor === bare);
  if (versions.length > 0) {
    return new CliError("NOT_FOUND", `No blueprint in ${folder} is ${printable(word)}.`, {
      hint: `There is ${versions.map((each) => `--vendor ${vendorWord(each)}`).join(", ")}.`,
    });
  }
  const names = [...new Set(good.map((each) => each.vendor))];
  const near = nearestName(bare, names);
  const hint =
    near !== undefined
      ? `Did you mean --vendor ${shellWord(printable(near))}?`
      : names.length > 0
        ? `There are those of ${names.map(printable).join(", ")}.`
        : "Lay one down there: docs/formats.md says how it looks.";
  return new CliError(
    "NOT_FOUND",
    `No blueprint in ${folder} is of the vendor ${printable(bare)}.`,
    { hint },
  );
}

const ways: Readonly<Record<Direction, string>> = { intake: "an intake", export: "an export" };

function noneFits(
  named: readonly VendorBlueprint[],
  { vendor, direction, folder }: Wanted,
): CliError {
  const way = direction === undefined ? "blueprint" : `blueprint with ${ways[direction]}`;
  if (vendor === undefined) {
    return new CliError("NOT_FOUND", `There is no ${way} in ${folder}.`, {
      hint: "Lay one down there (docs/formats.md says how it looks), or name the folder: VENDOR_BLUEPRINTS_DIR.",
    });
  }
  const files = named.map(({ source }) => source.file).join(", ");
  return new CliError(
    "USAGE",
    `There is no ${way} of ${printable(vendor)}: ${files} leads the other way.`,
    { hint: `Name another vendor, or write the ${direction ?? "intake"} into that file.` },
  );
}

function severalFit(fit: readonly VendorBlueprint[], { direction, folder }: Wanted): CliError {
  const way = direction === undefined ? "" : ` with ${ways[direction]}`;
  const names = new Set(fit.map(blueprintText));
  const message = `There are ${fit.length} blueprints${way} in ${folder}: ${[...names].join(", ")}.`;
  const [first] = fit;
  if (first === undefined || names.size < fit.length) {
    const files = fit.map(({ source }) => source.file).join(", ");
    return new CliError("USAGE", message, {
      hint: `Two of one version cannot be told apart: change that in one of ${files}.`,
    });
  }
  const isByVersion = fit.every((each) => each.vendor === first.vendor);
  const example = isByVersion ? vendorWord(first) : shellWord(printable(first.vendor));
  return new CliError("USAGE", message, { hint: `Name one: --vendor ${example}` });
}
