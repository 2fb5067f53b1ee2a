import { nodePackage } from "@ctb-data/tsup-config";

export default nodePackage(["src/index.ts", "src/generate-firestore-files.ts"]);
