// Every example runs with a key against a PoP with the demo model, and says what the model says. One whose tool is not here is skipped.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { servePage } from '../../examples/browser/serve.mjs';
import { buildClient } from '../../scripts/build/client.ts';
import { projectRoot } from '../../scripts/build/project.ts';
import { Weather } from '../client/weather.ts';
import { TestPop } from '../harness/pop.ts';
import { demoRelease } from './demo-release.ts';

const run = promisify(execFile);
const busy = { status: 503, headers: { 'retry-after': '1' } };

let pop: TestPop;
let weather: Weather;
let folder: string;
let key: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'popserve-examples-'));
  pop = await TestPop.start({ INFERENCE_ACCESS: 'keyed' });
  await pop.release(await demoRelease());
  const request = { name: 'the examples', scopes: ['infer'], models: ['machine-failure'] };
  key = (await pop.operate('POST', '/registry/keys', request)).json<{ token: string }>().token;
  weather = await Weather.over(pop.pop.url);
});
afterEach(() => weather.clear());
afterAll(async () => {
  await weather?.stop();
  await pop?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The output of a command, and its exit status. */
async function output(command: string, args: readonly string[]) {
  const options = { cwd: projectRoot, env: { ...process.env, POPSERVE_KEY: key } };
  return await run(command, args, options).then(
    ({ stdout }) => ({ stdout, stderr: '', code: 0 }),
    ({ stdout, stderr, code }) => ({ stdout, stderr, code }) as { stdout: string; stderr: string; code: number },
  );
}

function works(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'ignore'] });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!works('curl', '--version') || !works('od', '--version'))('curl (skipped without curl)', () => {
  test('asks in JSON and in the binary form', async () => {
    const { stdout, stderr } = await output('sh', ['examples/curl/ask.sh', weather.url]);
    expect(stderr).toBe('');
    const [, record = '', , json = '', , head = '', tail = ''] = stdout.trim().split('\n');
    expect(JSON.parse(record).predictions[0]).toMatchObject({
      label: expect.anything(),
      probability: expect.closeTo(1, 2),
    });
    const { model_version, outputs } = JSON.parse(json);
    expect(model_version).toBe('1');
    expect(outputs[0]).toEqual({ name: 'failure', shape: [1], datatype: 'INT64', data: [1] });
    expect(JSON.parse(head).outputs[0].parameters.binary_data_size).toBe(8);
    const [fine, fails] = tail.split(':')[1]?.trim().split(/\s+/).map(Number) ?? [];
    expect(fails).toBeCloseTo(outputs[1].data[1], 5);
    expect((fine ?? 0) + (fails ?? 0)).toBeCloseTo(1, 5);
    expect(weather.arrived[1]?.headers).toMatchObject({ authorization: `Bearer ${key}`, 'popserve-key': 'shell-1' });
  });

  test('fails with the message of the PoP', async () => {
    weather.ahead.push({ status: 400, body: '{"error":"no"}' });
    const { stdout, code } = await output('sh', ['examples/curl/ask.sh', weather.url]);
    expect(code).not.toBe(0);
    expect(stdout).toContain('{"error":"no"}');
  });
});

describe.each([
  ['Node', process.execPath, ['examples/node/ask.mjs']],
  ['Deno (skipped without deno)', 'deno', ['run', '--allow-all', '--no-lock', 'examples/node/ask.mjs']],
])('%s', (_, command, script) => {
  beforeAll(() => buildClient({ declarations: false }));

  test.skipIf(!works(command, '--version'))('without a key says what the PoP says', async () => {
    const answer = await run(command, [...script, weather.url], {
      cwd: projectRoot,
      env: { ...process.env, POPSERVE_KEY: '' },
    }).catch((error: { code: number; stderr: string }) => error);
    expect(answer).toMatchObject({ code: 1, stderr: expect.stringMatching(/^UNAUTHENTICATED: expected a key as /) });
  });

  test.skipIf(!works(command, '--version')).each([
    ['auto', 'at the PoP local'],
    ['local', 'here'],
  ])('asks, run %s', async (at, where) => {
    const { stdout, stderr } = await output(command, [...script, weather.url, at]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      new RegExp(
        `^version 1, ran ${where}\nmachine 1: is fine \\(0\\.00\\d\\d\\)\nmachine 2: will fail \\(0\\.99\\d\\d\\)\n$`,
      ),
    );
  });
});

describe.skipIf(!works('python3', '--version'))('Python (skipped without python3)', () => {
  test('asks in JSON and in the binary form, and waits for a busy PoP', async () => {
    weather.ahead.push(busy);
    const { stdout, stderr } = await output('python3', ['examples/python/ask.py', weather.url]);
    expect(stderr).toBe('');
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(6);
    expect(lines.slice(0, 3)).toEqual([
      'JSON: version 1 at the PoP local',
      expect.stringMatching(/^ {2}machine 1: is fine \(0\.00\d\d\)$/),
      expect.stringMatching(/^ {2}machine 2: will fail \(0\.99\d\d\)$/),
    ]);
    expect(lines[3]).toBe('binary: version 1 at the PoP local');
    expect(lines.slice(4)).toEqual(lines.slice(1, 3));
    expect(weather.arrived).toHaveLength(3);
  });

  test('fails with the message of the PoP', async () => {
    weather.ahead.push({ status: 404 });
    const { stderr, code } = await output('python3', ['examples/python/ask.py', weather.url]);
    expect(code).toBe(1);
    expect(stderr).toBe('HTTP 404: {"error":"too much to do"}\n');
  });
});

const hasCompiler = works('sh', '-c', "printf '#include <curl/curl.h>\\n' | cc -E -");
describe.skipIf(!hasCompiler)('C (skipped without a compiler and the headers of libcurl)', () => {
  let program: string;
  beforeAll(async () => {
    program = join(folder, 'ask');
    const flags = ['-O2', '-Wall', '-Wextra', '-Werror'];
    const { stderr } = await output('cc', [...flags, '-o', program, 'examples/c/ask.c', '-lcurl']);
    expect(stderr).toBe('');
  });

  test.each(['json', 'binary'])('asks in the %s form', async (form) => {
    const answer = await output(program, [weather.url, form]);
    expect(answer).toEqual({ stdout: 'version 1: the machine will fail\n', stderr: '', code: 2 });
    expect(weather.arrived[0]?.headers['content-type']).toBe(
      form === 'json' ? 'application/json' : 'application/octet-stream',
    );
  });

  test('waits for a busy PoP', async () => {
    weather.ahead.push(busy);
    expect((await output(program, [weather.url])).code).toBe(2);
    expect(weather.arrived).toHaveLength(2);
  });

  test('fails with the message of the PoP, and refuses an answer that is too long for it', async () => {
    weather.ahead.push({ status: 400 });
    const refused = await output(program, [weather.url]);
    expect(refused).toEqual({ stdout: '', stderr: 'HTTP status 400: {"error":"too much to do"}\n', code: 1 });
    weather.spoil = () => Buffer.alloc(5000, ' ');
    expect((await output(program, [weather.url, 'json'])).code).toBe(1);
  });
});

describe('the server of the pages', () => {
  const serve = (...args: string[]) => output(process.execPath, ['examples/browser/serve.mjs', ...args]);

  test('says that its port is taken, and how to take another', async () => {
    const page = await servePage(0);
    const port = Number(new URL(page.url).port);
    const { code, stderr } = await serve(String(port));
    expect([code, stderr]).toEqual([
      1,
      `serve.mjs: port ${port} of 127.0.0.1 is taken, perhaps by another serve.mjs; take another: node examples/browser/serve.mjs ${port + 1}\n`,
    ]);
    await page.stop();
  });

  test('says which ports there are', async () => {
    expect(await serve('80a')).toMatchObject({
      code: 1,
      stderr: "serve.mjs: expected a port of 0 to 65535, got '80a'\n",
    });
  });
});
