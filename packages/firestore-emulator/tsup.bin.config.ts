import { nodePackage } from "@ctb-data/tsup-config";
import type { Options } from "tsup";
import { withBuiltInModules } from "./built-in-modules.ts";

/** The program with all that it uses, in few files: a third of what its start costs is finding and reading modules. */
const config: Options = {
  ...nodePackage(["src/main.ts"]),
  // The library is beside it, built before.
  clean: false,
  splitting: true,
  minifySyntax: true,
  minifyWhitespace: true,
  noExternal: [/./u],
  // The packages that are CommonJS ask for Node's modules with it.
  banner: {
    js: 'const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);',
  },
};

export default withBuiltInModules(config);
