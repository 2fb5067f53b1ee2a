import { nodePackage } from "@ctb-data/tsup-config";

export default nodePackage(["src/index.ts", "src/main.ts"]);
