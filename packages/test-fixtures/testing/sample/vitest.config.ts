import { fileURLToPath } from "node:url";
import { sourceProject } from "@ctb-data/vitest-config";
import { mergeConfig } from "vitest/config";

const source = fileURLToPath(new URL("../../src/", import.meta.url));

/** A project of somebody who tests with this package; a test of the package runs it. */
export default mergeConfig(sourceProject, {
  resolve: {
    // Vite does not find a package from within itself.
    alias: [
      { find: /^@ctb-data\/test-fixtures\/(\w+)$/, replacement: `${source}$1.ts` },
      { find: /^@ctb-data\/test-fixtures$/, replacement: `${source}index.ts` },
    ],
  },
  test: {
    include: ["**/*.sample.ts"],
  },
});
