// worker/package.d.ts, which the npm package has as the types of `popserve/worker`, against what worker/index.ts exports.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { projectRoot } from '../../scripts/build/project.ts';

const run = promisify(execFile);

it('says what the Worker exports', async () => {
  // Inside the checkout, whose packages the sources need.
  const folder = await mkdtemp(join(projectRoot, 'node_modules', '.cache-types-'));
  try {
    await writeFile(
      join(folder, 'check.ts'),
      `import * as actual from '../../worker/index.ts';
       import type * as told from '../../worker/package.d.ts';
       actual.default satisfies typeof told.default;
       actual.ModelTelemetry satisfies new (state: DurableObjectState, env: Env) => told.ModelTelemetry;
       export const exported: Record<Exclude<keyof typeof told, 'PopserveEnv'>, unknown> = actual;
       export const known: Record<keyof typeof actual, unknown> = {} as typeof told;`,
    );
    const include = ['check.ts', '../../worker/**/*.d.ts'];
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', include }));
    const tsc = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    const told = await run(process.execPath, [tsc, '-p', folder]).then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    );
    expect(told).toBe('');
  } finally {
    await rm(folder, { recursive: true });
  }
});
