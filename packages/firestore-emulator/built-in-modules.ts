import { isBuiltin } from "node:module";
import type { Options } from "tsup";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

/**
 * Has a bundle take Node's own modules by `process.getBuiltinModule`. An `import` of one reads each of its exports, also those that
 * load more when they are read: all of `fetch` with `node:http`, Web Crypto with `node:crypto`. That is most of a start.
 */
export function withBuiltInModules(options: Options): Options {
  // tsup would answer for `node:` before the plugin does.
  return { ...options, removeNodeProtocol: false, esbuildPlugins: [builtInModules] };
}

const builtInModules: Plugin = {
  name: "built-in-modules",
  setup(build) {
    build.onResolve({ filter: /^(?:node:)?[\w/]+$/ }, ({ path, kind }) =>
      // Of one that is imported when it is needed there would be no named exports.
      isBuiltin(path) && kind !== "require-call" && kind !== "dynamic-import"
        ? { path, namespace: "built-in" }
        : undefined,
    );
    build.onLoad({ filter: /./, namespace: "built-in" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};
