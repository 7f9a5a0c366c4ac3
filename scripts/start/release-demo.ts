// Releases the demo model with the very command that an operator would use.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { onProcessEnd } from '../build/process-end.ts';
import { projectRoot } from '../build/project.ts';
import { demoModel } from '../demo/demo-model.ts';

/** @throws Error with the command if it fails */
export async function releaseDemo(url: URL, token: string): Promise<void> {
  const { file, testData, name, version, description, features } = demoModel;
  const command = ['publish', file, '--name', name, '--version', version, '--activate'];
  command.push('--features', features.join(','), '--test-data', testData, '--label', 'failure');
  command.push('--require', 'roc_auc>=0.9', '--description', description, '--reason', 'first start');
  const child = spawn(process.execPath, [join(projectRoot, 'scripts', 'popserve.mjs'), ...command], {
    env: { ...process.env, POPSERVE_URL: url.origin, POPSERVE_TOKEN: token },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  using _ = onProcessEnd(() => child.kill('SIGTERM'));
  const code = await new Promise<number | null>((done) => child.once('exit', done));
  if (code !== 0)
    throw new Error(`releasing the demo model failed: popserve ${command.join(' ')} (exit status ${code})`);
}
