import { nodePackage } from "@ctb-data/tsup-config";
import { withBuiltInModules } from "./built-in-modules.ts";

export default withBuiltInModules(nodePackage(["src/index.ts"]));
