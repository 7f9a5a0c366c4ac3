// The `popserve` command as a process: under the Node that the project brings, under an older one, and without dependencies.
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../../scripts/build/project.ts';
import { close, listen } from '../../harness/http-server.ts';

const { version }: { version: string } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
const script = join(projectRoot, 'scripts', 'popserve.mjs');
const folder = mkdtempSync(join(tmpdir(), 'popserve-bin-'));
afterAll(() => rmSync(folder, { recursive: true }));

const oldNode = findOldNode();

/** A Node from 18 on that is too old for the command, from the PATH. */
function findOldNode(): string | undefined {
  const found = (process.env.PATH ?? '').split(delimiter).map((each) => join(each, 'node'));
  return [...found, '/usr/bin/node', '/usr/local/bin/node'].filter(existsSync).find((node) => {
    const major = Number.parseInt(spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout, 10);
    return major >= 18 && major < 24;
  });
}

function popserve(node: string, args: string[], options: { script?: string } = {}): SpawnSyncReturns<string> {
  return spawnSync(node, [options.script ?? script, ...args], {
    encoding: 'utf8',
    env: environment(),
    timeout: 20_000,
  });
}

/** Nothing of the test runner's own Node reaches the command. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, VITEST: __, ...rest } = process.env;
  return { ...rest, POPSERVE_URL: 'http://127.0.0.1:1', POPSERVE_TOKEN: 'token' };
}

/** A copy of the launcher in a project of its own, with what `install` puts there. */
function projectWith(name: string, install: (modules: string) => void): string {
  const root = join(folder, name);
  mkdirSync(join(root, 'scripts', 'cli'), { recursive: true });
  cpSync(script, join(root, 'scripts', 'popserve.mjs'));
  // A checkout by this; the package has dist/ instead.
  writeFileSync(join(root, 'scripts', 'cli', 'main.ts'), '');
  install(join(root, 'node_modules'));
  return join(root, 'scripts', 'popserve.mjs');
}

describe('scripts/popserve.mjs', () => {
  it('runs a command and passes its exit status on', () => {
    expect(popserve(process.execPath, ['--version'])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
    expect(popserve(process.execPath, ['nonsense']).status).toBe(2);
    const unreachable = popserve(process.execPath, ['list', '--json']);
    expect(unreachable.status).toBe(1);
    expect(JSON.parse(unreachable.stdout)).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('says what to do when the dependencies are not installed', () => {
    const bare = projectWith('bare', () => {});
    const { status, stderr } = popserve(process.execPath, ['list'], { script: bare });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^popserve: its dependencies are not installed; run 'npm ci' in \S+bare first\n$/);
  });

  it('can be started by npx in the project', () => {
    const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';
    const { status, stdout } = spawnSync(npx, ['--no-install', 'popserve', '--version'], {
      cwd: projectRoot,
      encoding: 'utf8',
      env: environment(),
    });
    expect([status, stdout]).toEqual([0, `${version}\n`]);
  });
});

describe.skipIf(oldNode === undefined)('scripts/popserve.mjs on an older Node', () => {
  const node = oldNode ?? '';

  it('goes on with the Node of the project', () => {
    expect(popserve(node, ['--version'])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
    expect(popserve(node, ['doctor', '--json']).stdout).toContain('"name": "Node",\n      "ok": true');
  });

  it('passes exit status, output and errors through', () => {
    const { status, stdout, stderr } = popserve(node, ['nonsense']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toBe("popserve: unknown command 'nonsense'; see 'npx popserve help'\n");
  });

  it('passes standard input through', () => {
    const { stderr } = spawnSync(node, [script, 'infer', 'm', '--input', '-', '--binary'], {
      encoding: 'utf8',
      env: environment(),
      input: 'not json',
    });
    expect(stderr).toContain('the body is not JSON');
  });

  it('passes a signal on and dies of it', async () => {
    // A PoP that takes the call and never answers.
    let called = () => {};
    const call = new Promise<void>((resolve) => {
      called = resolve;
    });
    let hungUp = () => {};
    const hangUp = new Promise<void>((resolve) => {
      hungUp = resolve;
    });
    const server = createServer((request) => {
      request.socket.on('close', () => hungUp());
      called();
    });
    const url = await listen(server);
    const child = spawn(node, [script, 'list'], { env: { ...environment(), POPSERVE_URL: url }, stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
    await call;
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: null, signal: 'SIGTERM' });
    // The Node that did the work has ended too.
    await hangUp;
    await close(server);
  });

  it('says what to do when the dependencies are not installed', () => {
    const bare = projectWith('bare-old', () => {});
    const { status, stderr } = popserve(node, ['list'], { script: bare });
    expect([status, stderr]).toEqual([1, expect.stringContaining("run 'npm ci' in")]);
  });

  it('says what to do when the package is there without its executable', () => {
    const incomplete = projectWith('no-executable', (modules) => {
      mkdirSync(join(modules, 'node'), { recursive: true });
      cpSync(join(projectRoot, 'node_modules', 'node', 'package.json'), join(modules, 'node', 'package.json'));
    });
    const { status, stderr } = popserve(node, ['list'], { script: incomplete });
    expect([status, stderr]).toEqual([1, expect.stringContaining("holds no Node; run 'npm rebuild node' first")]);
  });

  it('says which Node the package needs, which brings none', () => {
    const root = join(folder, 'package');
    mkdirSync(join(root, 'scripts'), { recursive: true });
    cpSync(script, join(root, 'scripts', 'popserve.mjs'));
    const { status, stderr } = popserve(node, ['list'], { script: join(root, 'scripts', 'popserve.mjs') });
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^popserve: expected Node 22 or newer, got v[\d.]+; install a newer one/),
    ]);
  });

  it('does not start itself for ever when the Node of the project is old too', () => {
    const old = projectWith('old-node', (modules) => {
      mkdirSync(join(modules, 'node', 'bin'), { recursive: true });
      cpSync(join(projectRoot, 'node_modules', 'node', 'package.json'), join(modules, 'node', 'package.json'));
      symlinkSync(node, join(modules, 'node', 'bin', 'node'));
    });
    const { status, stderr } = popserve(node, ['list'], { script: old });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^popserve: expected Node 24 in the npm package 'node', got v/);
  });
});
