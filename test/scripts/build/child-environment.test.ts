// What the processes that run files of unknown origin find in their environment.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blankedEnvironment, childEnvironment } from '../../../scripts/build/child-environment.ts';
import { runGuarded } from '../../../scripts/inspect/guarded-process.ts';
import { Inspector } from '../../../scripts/inspect/inspector.ts';
import { startPop } from '../../../scripts/local-pop/pop.ts';

const secrets = {
  POPSERVE_TOKEN: 'token-of-the-operator',
  CLOUDFLARE_API_TOKEN: 'token-of-the-account',
  NPM_TOKEN: 'token-of-the-registry',
  npm_config__auth: 'password-of-the-registry',
  AWS_SECRET_ACCESS_KEY: 'key-of-the-cloud',
};

const folder = mkdtempSync(join(tmpdir(), 'popserve-test-'));
beforeAll(() => {
  Object.assign(process.env, secrets);
});
afterAll(() => {
  for (const name of Object.keys(secrets)) delete process.env[name];
  rmSync(folder, { recursive: true });
});

test('only what every program needs is passed on', () => {
  const own = { PATH: '/bin', Path: 'C:\\', HOME: '/home/me', POPSERVE_TOKEN: 'x', EMPTY: undefined };
  expect(childEnvironment(own)).toEqual({ PATH: '/bin', Path: 'C:\\', HOME: '/home/me' });
  expect(blankedEnvironment({ ...own, FORCE_COLOR: '1' })).toEqual({ POPSERVE_TOKEN: '', EMPTY: '' });
});

test('the process of native onnxruntime has no secrets in its environment', async () => {
  const environments: Record<string, string>[] = [];
  const module = join(folder, 'tell.mjs');
  writeFileSync(module, 'process.send(process.env); process.disconnect();');
  const end = await runGuarded(
    { module, args: [], nodeFlags: [] },
    { timeoutMs: 20_000, memoryMib: 1000 },
    (message) => {
      environments.push(message as Record<string, string>);
    },
  );
  expect(end).toBeNull();
  const [environment = {}] = environments;
  expect(Object.keys(environment)).toContain('PATH');
  expect(leaked(Object.values(environment))).toEqual([]);
  expect(Object.keys(environment).filter((name) => name in secrets)).toEqual([]);
});

test.skipIf(process.platform !== 'linux')('no workerd that runs models has them', { timeout: 60_000 }, async () => {
  const inspector = await Inspector.start();
  const pop = await startPop({ directory: null, port: 0 });
  try {
    const environments = childrenOf(process.pid)
      .map((pid) => readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0'))
      .filter((environment) => environment.includes('TZ=UTC'));
    expect(environments).toHaveLength(2);
    for (const environment of environments) {
      expect(environment).toContain(`PATH=${process.env.PATH}`);
      expect(leaked(environment)).toEqual([]);
    }
  } finally {
    await pop.stop();
    await inspector.close();
  }
});

function childrenOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
}

/** The secrets that stand in one of the texts. */
function leaked(texts: readonly string[]): string[] {
  return Object.values(secrets).filter((secret) => texts.some((text) => text.includes(secret)));
}
