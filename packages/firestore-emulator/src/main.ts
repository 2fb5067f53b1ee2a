#!/usr/bin/env node
import * as nodeModule from "node:module";

// Before anything else is imported, so that all of it is cached: most of what a start costs is compiling.
nodeModule.enableCompileCache();
const { runEmulator } = await import("./run-emulator.ts");
await runEmulator();
// Else it is written at the end only, and not by one that is killed, as test runners do.
setTimeout(nodeModule.flushCompileCache, 1000).unref();
