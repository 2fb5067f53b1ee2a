import packageJson from "../package.json" with { type: "json" };

/** What wrote an archive: `ctb-data 0.1.0`. */
export const toolVersion = `ctb-data ${packageJson.version}`;
