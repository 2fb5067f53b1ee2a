import type { Reporter, TestModule } from "vitest/node";

/** Ends a run with one plain line that programs can read: `N passed, N failed, N skipped`. */
export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      const before = count.failed;
      for (const test of module.children.allTests()) {
        count[test.result().state] += 1;
      }
      // A file that does not load, or a hook that fails, has no test that failed.
      if (module.state() === "failed" && count.failed === before) {
        count.failed += 1;
      }
    }
    process.once("exit", () => {
      process.stdout.write(
        `${count.passed} passed, ${count.failed} failed, ${count.skipped + count.pending} skipped\n`,
      );
    });
  }
}
