import type { RegistryFile } from "./check-registry.ts";

export async function readRegistryFiles(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<readonly RegistryFile[]> {
  throw new Error(`to be written ${path} ${String(options.signal)}`);
}
