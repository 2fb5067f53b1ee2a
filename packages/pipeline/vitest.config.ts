import { sourceProject } from "@ctb-data/vitest-config";
import { mergeConfig } from "vitest/config";

export default mergeConfig(sourceProject, {
  test: {
    globalSetup: ["@ctb-data/postgres/testing"],
  },
});
