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

const serverModules = ["server", "server-credentials"];

/** `@grpc/grpc-js` without its client, of which the program uses nothing; its index loads and sets up both. */
const grpcServer: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "grpc-server",
  setup(build) {
    build.onResolve({ filter: /^@grpc\/grpc-js$/ }, ({ path }) => ({ path, namespace: "grpc" }));
    build.onLoad({ filter: /./, namespace: "grpc" }, ({ path }) => ({
      contents: serverModules
        .map((name) => `export * from ${JSON.stringify(`${path}/build/src/${name}.js`)};`)
        .join("\n"),
      resolveDir: import.meta.dirname,
    }));
  },
};

const { esbuildPlugins = [], ...options } = withBuiltInModules(config);

export default { ...options, esbuildPlugins: [...esbuildPlugins, grpcServer] };
