import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import { parseConfigFile } from "./config-file-layer.ts";
import { configTemplate } from "./config-template.ts";
import { envExample } from "./env-example.ts";
import { settingNames, settingsSchema } from "./settings.ts";

test("the example of variables names every setting once, commented out", () => {
  const text = envExample();
  for (const name of settingNames) {
    expect(text.match(new RegExp(`^# ${name}=`, "gmu")) ?? name).toHaveLength(1);
  }
  expect(parseEnv(text)).toEqual({});
});

test("the template of the configuration says the defaults, and is understood without a warning", () => {
  const { layer, warnings } = parseConfigFile(configTemplate(), "global-config.yaml");
  expect(warnings).toEqual([]);
  const values = Object.fromEntries([...layer].map(([name, { value }]) => [name, value]));
  expect(settingsSchema.parse(values)).toEqual(settingsSchema.parse({}));
  expect(layer.size).toBeGreaterThan(8);
});
