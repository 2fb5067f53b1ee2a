// Apart from the rest of the package, so that only this much of it is loaded by the built program.
export { openPostgres } from "@ctb-data/postgres";
