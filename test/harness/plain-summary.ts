// Ends a test run with one plain line: N passed, N failed, N skipped.
import type { Reporter, TestModule } from 'vitest/node';
import { hasZoo } from '../zoo/zoo.ts';

export default class PlainSummary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed++;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== 'pending') counts[state]++;
      }
    }
    if (!hasZoo)
      process.stdout.write(
        '\nThe model zoo was not found (POPSERVE_MODEL_ZOO): the tests against real models were skipped.\n',
      );
    process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  }
}
