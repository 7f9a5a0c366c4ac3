// A folder of somebody who installs the tarball, outside this checkout: npm, the command and other programs run in it.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { projectRoot } from '../../scripts/build/project.ts';

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nothing of the test runner, of npm or of an operator's shell reaches the programs. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|VITEST|POPSERVE_|INIT_CWD$)/.test(name)),
);

export class Consumer implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'popserve-package-'));

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  write(file: string, content: string | Uint8Array): string {
    const path = join(this.folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** Runs npm, which Node brings along, whatever its exit status. */
  npm(args: readonly string[], cwd = '.'): Promise<Outcome> {
    return this.run('npm', [...args, '--prefer-offline', '--no-audit', '--no-fund'], { cwd });
  }

  /** @param node the one that runs scripts of the project */
  run(
    program: string,
    args: readonly string[],
    { cwd = '.', node = process.execPath, env = {} }: RunOptions = {},
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      const options = { cwd: join(this.folder, cwd), env: environmentFor(node, env), maxBuffer: 2 ** 26 };
      execFile(program, [...args], options, (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ status, stdout, stderr: error === null || stderr !== '' ? stderr : error.message });
      });
    });
  }

  /** Starts a program that stays, until it prints what is waited for. */
  async serve(program: string, args: readonly string[], ready: RegExp, options: RunOptions = {}): Promise<Server> {
    const { cwd = '.', node = process.execPath, env = {} } = options;
    const child = spawn(program, [...args], {
      cwd: join(this.folder, cwd),
      env: environmentFor(node, env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
    const hear = (chunk: Buffer) => {
      printed += chunk;
      const match = ready.exec(printed);
      if (match) resolve(match);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${program} ${args.join(' ')} ended with ${code}:\n${printed}`)));
    return { said: await promise, end: (signal = 'SIGINT') => end(child, signal) };
  }
}

interface RunOptions {
  readonly cwd?: string;
  readonly node?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Server {
  readonly said: RegExpExecArray;
  /** @returns its exit status */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

function environmentFor(node: string, more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  // Without the checkout's own programs, which npm puts first.
  const others = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(projectRoot));
  return { ...environment, PATH: [dirname(node), ...others].join(delimiter), ...more };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = once(child, 'exit');
  child.kill(signal);
  const [code] = (await ended) as [number | null];
  return code;
}
