// What a small command loads: its own modules, and nothing of the commands that it is not.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../../scripts/build/project.ts';
import { ScriptedPop, token } from './scripted-pop.ts';

const pop = ScriptedPop.perCase();
const folder = mkdtempSync(join(tmpdir(), 'popserve-lazy-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Prints the URL of each module that is loaded to standard error. */
const telling = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from 'node:fs';
  import { registerHooks } from 'node:module';
  registerHooks({ load(url, context, next) { writeSync(2, url + '\\n'); return next(url, context); } });
`)}`;

async function modulesOf(args: readonly string[], script = join(projectRoot, 'scripts', 'popserve.mjs')) {
  const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env;
  const child = spawn(process.execPath, ['--import', telling, script, ...args], {
    env: { ...env, POPSERVE_URL: pop.url, POPSERVE_TOKEN: token },
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { out, modules: err.split('\n').filter((line) => line.startsWith('file:')) };
}

describe('a small command', () => {
  it.each([['--help'], ['--version'], ['help']])('%s loads no schema and no command', async (...args) => {
    const { out, modules } = await modulesOf(args);
    expect(out).not.toBe('');
    expect(modules.filter((url) => /\/(zod|registry\/api|scripts\/cli\/commands)\//.test(url))).toEqual([]);
    expect(modules.length).toBeLessThan(40);
  });

  it('list loads nothing that publishes, starts or deploys', async () => {
    pop.intercept = () => ({ status: 200, body: { models: [], next: null } });
    const { out, modules } = await modulesOf(['list']);
    expect(out).toContain('no models');
    const others =
      /\/scripts\/(publish|deploy|onnx|inspect|demo)\/|\/scripts\/start\/(serve|release-demo)|\/(wrangler|miniflare|esbuild|csv-parse)\//;
    expect(modules.filter((url) => others.test(url))).toEqual([]);
    expect(
      modules.filter((url) => url.includes('/scripts/cli/commands/')).map((url) => url.replace(/.*\//, '')),
    ).toEqual(['look.ts']);
  });

  it('keeps its compiled modules beside the dependencies', async () => {
    const root = join(folder, 'kept');
    mkdirSync(join(root, 'scripts', 'cli'), { recursive: true });
    mkdirSync(join(root, 'node_modules'));
    cpSync(join(projectRoot, 'scripts', 'popserve.mjs'), join(root, 'scripts', 'popserve.mjs'));
    symlinkSync(join(projectRoot, 'node_modules', 'commander'), join(root, 'node_modules', 'commander'));
    writeFileSync(join(root, 'scripts', 'cli', 'main.ts'), 'export const main = async (): Promise<void> => {};');
    await modulesOf([], join(root, 'scripts', 'popserve.mjs'));
    expect(existsSync(join(root, 'node_modules', '.cache', 'popserve', 'compiled'))).toBe(true);
  });
});
