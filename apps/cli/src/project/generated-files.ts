import { basename, dirname, join } from "node:path";
import { generateFirestoreFiles } from "@ctb-data/firestore/generate";
import {
  checkGenerated,
  type GeneratedDifference,
  type GeneratedFile,
  generatedHeaderOf,
  generateModels,
  writeGenerated,
} from "@ctb-data/models";
import { generatePostgresFiles } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import { settingPath } from "../config/load-settings.ts";
import { editorSchemas } from "./editor-schemas.ts";
import type { ProjectPlaces } from "./project-places.ts";
import { readIfThere } from "./read-if-there.ts";
import { shownPath } from "./shown-path.ts";
import { writeAtomically } from "./write-atomically.ts";

/** All that is derived from a registry, and where it belongs. */
export interface GeneratedPlan {
  /** A folder that holds nothing else: files that are no longer derived are removed from it. */
  readonly folder: { readonly dir: string; readonly files: readonly GeneratedFile[] };
  /** Files among others, by absolute path. */
  readonly single: readonly GeneratedFile[];
}

/** Derives every generated file of a project. */
export async function planGenerated(
  registry: Registry,
  { dir, settings }: ProjectPlaces,
): Promise<GeneratedPlan> {
  const models = generateModels(registry);
  const postgres = generatePostgresFiles(registry);
  const firestore = generateFirestoreFiles(registry);
  const at = (path: string): string => settingPath(dir, path);
  const single = [
    { path: at(settings.SCHEMA_PATH), content: contentOf(postgres, "schema.sql") },
    {
      path: at(settings.FIRESTORE_TYPES_PATH),
      content: contentOf(models, "firestore.ts"),
    },
    {
      path: at(settings.FIRESTORE_INDEXES_PATH),
      content: contentOf(firestore, "firestore.indexes.json"),
    },
    { path: at(settings.FIRESTORE_RULES_PATH), content: contentOf(firestore, "firestore.rules") },
    ...(await currentSchemas({ dir, settings })),
  ];
  const folder = at(settings.GENERATE_OUT);
  const inFolder = [
    ...models.filter(({ path }) => path !== "firestore.ts"),
    // A folder of their own: a table may be called `entities`.
    ...postgres
      .filter(({ path }) => path !== "schema.sql")
      .map(({ path, content }) => ({ path: `postgres/${path}`, content })),
  ];
  const known = single.flatMap(({ path, content }) =>
    content === undefined ? [] : [{ path, content }],
  );
  // One that was told to lie in that folder belongs to it: it would be taken for a file that is no longer derived.
  const isInside = (path: string): boolean => dirname(path) === folder;
  return {
    folder: {
      dir: folder,
      files: [
        ...inFolder,
        ...known
          .filter(({ path }) => isInside(path))
          .map(({ path, content }) => ({ path: basename(path), content })),
      ],
    },
    single: known.filter(({ path }) => !isInside(path)),
  };
}

function contentOf(files: readonly GeneratedFile[], name: string): string | undefined {
  return files.find(({ path }) => path === name)?.content;
}

/** What differs on disk, by paths as people would type them. */
export async function checkPlan(plan: GeneratedPlan): Promise<readonly GeneratedDifference[]> {
  const inFolder = await checkGenerated(plan.folder.dir, plan.folder.files);
  return [...shown(plan, inFolder), ...(await checkSingle(plan))];
}

/** Writes what differs, and says what that was. */
export async function writePlan(plan: GeneratedPlan): Promise<readonly GeneratedDifference[]> {
  const single = await checkSingle(plan);
  const inFolder = await writeGenerated(plan.folder.dir, plan.folder.files);
  for (const { path, content } of plan.single) {
    if (single.some((difference) => difference.path === shownPath(path))) {
      await writeAtomically(path, content);
    }
  }
  return [...shown(plan, inFolder), ...single];
}

async function checkSingle({ single }: GeneratedPlan): Promise<readonly GeneratedDifference[]> {
  const differences: GeneratedDifference[] = [];
  for (const { path, content } of single) {
    const there = (await readIfThere(path))?.replaceAll("\r\n", "\n");
    if (there !== content) {
      differences.push({ path: shownPath(path), kind: kindOf(there, content) });
    }
  }
  return differences;
}

/** A file that somebody wrote by hand, a dump for example, is never overwritten. */
function kindOf(there: string | undefined, content: string): GeneratedDifference["kind"] {
  if (there === undefined) {
    return "missing";
  }
  const isForeign =
    generatedHeaderOf(content) !== undefined && generatedHeaderOf(there) === undefined;
  return isForeign ? "foreign" : "changed";
}

function shown(
  plan: GeneratedPlan,
  differences: readonly GeneratedDifference[],
): readonly GeneratedDifference[] {
  return differences.map(({ path, kind }) => ({
    path: shownPath(join(plan.folder.dir, path)),
    kind,
  }));
}

/** Kept up to date where they are; a registry that names another schema has none beside it. */
async function currentSchemas(places: ProjectPlaces): Promise<readonly GeneratedFile[]> {
  const schemas = await editorSchemas(places);
  const there = await Promise.all(schemas.map(async ({ path }) => await readIfThere(path)));
  return schemas.filter((_schema, index) => there[index] !== undefined);
}
