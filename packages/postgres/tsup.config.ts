import { nodePackage } from "@ctb-data/tsup-config";

export default nodePackage([
  "src/index.ts",
  "src/embedded.ts",
  "src/entities.ts",
  "src/scratch.ts",
  "src/schema-statements.ts",
  "src/embedded/supervisor.ts",
]);
