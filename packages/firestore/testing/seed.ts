import { fileURLToPath } from "node:url";
import { loadRegistry, type Registry } from "@ctb-data/registry";

/** The registry of clients, blueprints and imo_processes. */
export async function seedRegistry(): Promise<Registry> {
  return await loadRegistry(
    fileURLToPath(new URL("../../registry/seed/clnt_column_registry.yml", import.meta.url)),
  );
}
