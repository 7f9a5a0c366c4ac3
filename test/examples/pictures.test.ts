// Every example that sends a picture runs with a key against a PoP, and says what the model says. One whose tool is not here is skipped.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildClient } from '../../scripts/build/client.ts';
import { projectRoot } from '../../scripts/build/project.ts';
import { Weather } from '../client/weather.ts';
import { colourModel } from '../harness/pictures/colour-model.ts';
import { png } from '../harness/pictures/encoders.ts';
import { jpegs } from '../harness/pictures/jpegs.ts';
import { spotModel } from '../harness/pictures/spot-model.ts';
import { TestPop } from '../harness/pop.ts';

const run = promisify(execFile);
const busy = { status: 503, headers: { 'retry-after': '1' } };

let pop: TestPop;
let weather: Weather;
let folder: string;
let key: string;
/** Reddish; and grey with a red corner. */
let jpeg: string;
let spotted: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'popserve-pictures-'));
  jpeg = join(folder, 'red.jpg');
  spotted = join(folder, 'spotted.png');
  await writeFile(jpeg, Buffer.from(jpegs.baseline, 'base64'));
  await writeFile(
    spotted,
    png(40, 24, (x, y) => (x >= 35 && y < 3 ? [255, 0, 0] : [90, 90, 90])),
  );
  pop = await TestPop.start({ INFERENCE_ACCESS: 'keyed' });
  await pop.release(colourModel('pictures', '1'));
  await pop.release(spotModel('spots', '1'));
  const request = { name: 'the examples', scopes: ['infer'], models: ['pictures', 'spots'] };
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

describe.skipIf(!works('curl', '--version'))('curl (skipped without curl)', () => {
  test('asks raw, in a form and in JSON', async () => {
    const { stdout, stderr } = await output('sh', ['examples/curl/picture.sh', jpeg, weather.url]);
    expect(stderr).toBe('');
    const [, raw = '', , form = '', , json = ''] = stdout.trim().split('\n');
    expect(JSON.parse(raw)).toMatchObject([{ label: 'red', score: expect.closeTo(0.86, 1) }, {}, {}]);
    expect(JSON.parse(form)).toEqual(JSON.parse(raw).filter(({ score }: { score: number }) => score >= 0.3));
    expect(JSON.parse(json)).toEqual(JSON.parse(raw));
    expect(weather.arrived.map(({ headers }) => headers['content-type']?.toString().split(';')[0])).toEqual([
      'image/jpeg',
      'multipart/form-data',
      'application/json',
    ]);
  });

  test('fails with the message of the PoP', async () => {
    const { stdout, code } = await output('sh', ['examples/curl/picture.sh', 'package.json', weather.url]);
    expect(code).not.toBe(0);
    expect(stdout).toContain('decode: expected a JPEG, a PNG or a WebP');
  });
});

describe('Node', () => {
  beforeAll(() => buildClient({ declarations: false }));
  const script = ['examples/node/picture.mjs'];

  test.each([
    ['auto', 'at the PoP local'],
    ['local', 'here'],
  ])('prints labels and boxes, run %s', async (at, where) => {
    const labels = await output(process.execPath, [...script, jpeg, weather.url, 'pictures', at]);
    expect(labels).toMatchObject({ stderr: '', code: 0 });
    expect(labels.stdout).toMatch(new RegExp(`^version 1, ran ${where}\n8\\d\\.\\d % red\n(\\d+\\.\\d % \\w+\n){2}$`));
    const boxes = await output(process.execPath, [...script, spotted, weather.url, 'spots', at]);
    expect(boxes.stdout).toBe(`version 1, ran ${where}\n75.7 % spot at 35,0 to 40,3\n`);
  });

  test('says what is wrong', async () => {
    expect(await output(process.execPath, [...script, 'package.json', weather.url])).toMatchObject({
      ...{ code: 1, stderr: expect.stringMatching(/^INVALID_ARGUMENT: decode: expected a JPEG/) },
    });
    expect(await output(process.execPath, script)).toMatchObject({
      ...{ code: 1, stderr: 'INVALID_ARGUMENT: expected a picture: node examples/node/picture.mjs cat.jpg\n' },
    });
  });
});

describe.skipIf(!works('python3', '--version'))('Python (skipped without python3)', () => {
  const script = 'examples/python/picture.py';

  test('prints labels and boxes, and waits for a busy PoP', async () => {
    weather.ahead.push(busy);
    const labels = await output('python3', [script, jpeg, weather.url]);
    expect(labels).toMatchObject({ stderr: '', code: 0 });
    expect(labels.stdout).toMatch(/^version 1 at the PoP local\n8\d\.\d % red\n(\d+\.\d % \w+\n){2}$/);
    expect(weather.arrived).toHaveLength(2);
    const boxes = await output('python3', [script, spotted, weather.url, 'spots']);
    expect(boxes.stdout).toBe('version 1 at the PoP local\n75.7 % spot at 35,0 to 40,3\n');
  });

  test('fails with the message of the PoP', async () => {
    const { stderr, code } = await output('python3', [script, 'package.json', weather.url]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^HTTP 400: \{"error":"decode: expected a JPEG/)]);
  });
});

const hasCompiler = works('sh', '-c', "printf '#include <curl/curl.h>\\n' | cc -E -");
describe.skipIf(!hasCompiler)('C (skipped without a compiler and the headers of libcurl)', () => {
  let program: string;
  beforeAll(async () => {
    program = join(folder, 'picture');
    const flags = ['-O2', '-Wall', '-Wextra', '-Werror'];
    const { stderr } = await output('cc', [...flags, '-o', program, 'examples/c/picture.c', '-lcurl']);
    expect(stderr).toBe('');
  });

  test('prints the best label, and waits for a busy PoP', async () => {
    weather.ahead.push(busy);
    expect(await output(program, [jpeg, weather.url])).toEqual({ stdout: 'version 1: red\n', stderr: '', code: 0 });
    expect(weather.arrived.map(({ headers }) => headers['content-type'])).toEqual(['image/jpeg', 'image/jpeg']);
    expect((await output(program, [spotted, weather.url, 'spots'])).stdout).toBe('version 1: spot\n');
  });

  test('says when there is nothing that the model knows', async () => {
    weather.spoil = () => Buffer.from('[]');
    expect(await output(program, [jpeg, weather.url])).toMatchObject({ stdout: 'version 1: nothing\n', code: 2 });
  });

  test('fails with the message of the PoP, or of the system', async () => {
    const refused = await output(program, ['package.json', weather.url]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/^HTTP status 400: \{"error":"decode:/) });
    expect(await output(program, ['no-such.jpg'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no-such'),
    });
  });
});
