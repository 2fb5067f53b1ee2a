import { nodePackage } from "@ctb-data/tsup-config";

export default nodePackage([
  "src/index.ts",
  "src/embedded.ts",
  "src/entities.ts",
  "src/embedded/supervisor.ts",
]);
