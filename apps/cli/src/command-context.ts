import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { CliError } from "./cli-error.ts";
import type { Given, Layer } from "./config/layer.ts";
import type { LoadedSettings } from "./config/load-settings.ts";
import type { SettingName } from "./config/settings.ts";
import type { ExitCode } from "./exit-code.ts";
import type { Redact } from "./redact.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** The options that every command takes. */
export interface GlobalOptions {
  readonly json?: true | undefined;
  readonly color: boolean;
  readonly input: boolean;
  readonly directory?: string | undefined;
  readonly config?: string | undefined;
  readonly envFile?: string | undefined;
  readonly verbose?: true | undefined;
}

/** What a command works with. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** The project's folder, absolute. */
  readonly dir: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The settings, with what the flags of this command say on top. Warnings go to stderr. */
  settings(flags?: Layer): Promise<LoadedSettings>;
  /** Says on stderr something that the user should know but that stops nothing. */
  warn(message: string): void;
}

/** A command: does its work, prints, and says how it went. */
export type Run = (context: CommandContext) => Promise<ExitCode>;

/** What the process gives to a command. */
export interface ContextSources {
  readonly terminal: Terminal;
  readonly globals: GlobalOptions;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Told as soon as it is known what must never be printed. */
  readonly onSecrets: (redact: Redact) => void;
}

/** Puts together what a command works with. */
export function createContext(sources: ContextSources): CommandContext {
  const { terminal, globals, env, signal } = sources;
  const dir = resolve(sources.cwd, globals.directory ?? ".");
  const warn = (message: string): void => {
    terminal.err.line(`${terminal.err.paint("yellow", "warning:")} ${message}`);
  };
  return {
    terminal,
    dir,
    signal,
    env,
    warn,
    settings: async (flags) => {
      if (!existsSync(dir)) {
        throw new CliError("NOT_FOUND", `The folder ${dir} does not exist.`, {
          hint: "Check what --directory names, or lay down a project there: ctb-data init <dir>",
        });
      }
      // Only now: zod and yaml cost more than the whole help.
      const { loadSettings } = await import("./config/load-settings.ts");
      const { redactorOf } = await import("./redact.ts");
      const loaded = await loadSettings({
        dir,
        env,
        ...(flags === undefined ? {} : { flags }),
        ...(globals.config === undefined ? {} : { configFile: globals.config }),
        ...(globals.envFile === undefined ? {} : { envFile: globals.envFile }),
      });
      sources.onSecrets(redactorOf(loaded));
      for (const warning of loaded.warnings) {
        warn(warning);
      }
      return loaded;
    },
  };
}

/** The layer of what flags say. A flag that was not given is undefined. */
export function flagLayer(
  flags: Readonly<
    Partial<Record<SettingName, { readonly flag: string; readonly value: string | undefined }>>
  >,
): Layer {
  const layer = new Map<SettingName, Given>();
  for (const [name, given] of Object.entries(flags)) {
    if (given.value !== undefined && isSettingName(name, flags)) {
      layer.set(name, { value: given.value, origin: `the flag ${given.flag}` });
    }
  }
  return layer;
}

function isSettingName(name: string, flags: object): name is SettingName {
  return name in flags;
}
