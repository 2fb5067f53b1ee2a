import { sourceProject } from "@ctb-data/vitest-config";
import { mergeConfig } from "vitest/config";

export default mergeConfig(sourceProject, {
  test: {
    // Real clients wait and try again where a query is refused, on a machine that may be busy.
    testTimeout: 60_000,
  },
});
