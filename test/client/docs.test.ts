// The client as it is handed out, as an installed package, against a PoP with the demo model: the code of docs/client.md and of
// every @example, unchanged but for the address, and a Worker that uses it.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Request as BoundRequest, Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PopserveClient } from '../../client/client.ts';
import { clientCodes } from '../../client/errors.ts';
import { FeedbackClient } from '../../client/feedback/feedback-client.ts';
import { MediaClient } from '../../client/media/media-client.ts';
import { statusByCode } from '../../registry/error-codes.ts';
import { buildClient, clientFolder } from '../../scripts/build/client.ts';
import { projectRoot } from '../../scripts/build/project.ts';
import { readPage, tableRows } from '../docs/markdown.ts';
import { demoRelease } from '../examples/demo-release.ts';
import { colourModel } from '../harness/pictures/colour-model.ts';
import { jpegs } from '../harness/pictures/jpegs.ts';
import { spotModel } from '../harness/pictures/spot-model.ts';
import { stripeModel } from '../harness/pictures/stripe-model.ts';
import { TestPop } from '../harness/pop.ts';
import { moods, names, sentences } from '../harness/texts/word-models.ts';

const run = promisify(execFile);

let pop: TestPop;
let folder: string;
let blocks: { language: string; code: string }[];
beforeAll(async () => {
  await buildClient({ declarations: true });
  folder = await mkdtemp(join(tmpdir(), 'popserve-docs-'));
  const modules = join(folder, 'node_modules');
  await mkdir(modules);
  await symlink(projectRoot, join(modules, 'popserve'));
  await symlink(join(projectRoot, 'node_modules', 'onnxruntime-web'), join(modules, 'onnxruntime-web'));
  blocks = Array.from(
    readPage('docs/client.md').matchAll(/^```(js|ts)\n(.*?)^```$/gms),
    ([, language = '', code = '']) => ({
      language,
      code,
    }),
  );
  const feedback = /^```js\n(.*?)^```$/ms.exec(readPage('docs/feedback.md'))?.[1] ?? '';
  blocks.push({ language: 'js', code: feedback });
  await writeFile(join(folder, 'cat.jpg'), Buffer.from(jpegs.baseline, 'base64'));
  pop = await TestPop.start();
  await pop.release(await demoRelease());
  await pop.release(colourModel('pictures', '1'));
  await pop.release(spotModel('things', '1'));
  await pop.release(stripeModel('lines', '1'));
  await pop.release(sentences('sentences', '1'));
  await pop.release(moods('moods', '1'));
  await pop.release(names('names', '1'));
});
afterAll(async () => {
  await pop?.stop();
  await rm(folder, { recursive: true, force: true });
});

test.each([
  [0, 'first', /^will fail 1 pop\n$/],
  [1, 'typed', /^0 1\n$/],
  [2, 'records', /^1 0\.99\d 1\n$/],
  [3, 'pictures', /^pop red 0\.\d\d\n$/],
  [4, 'texts', /^8 0\.71\n$/],
  [5, 'local', /^local 1n\n$/],
  [6, 'feedback', /^1 1\n$/],
])('block %i (%s) does what it says', async (index, name, printed) => {
  expect(blocks).toHaveLength(7);
  const { language, code } = blocks[index] ?? { language: 'js', code: '' };
  expect(await runAtPop(`${name}.m${language}`, code)).toMatch(printed);
});

async function runAtPop(name: string, code: string): Promise<string> {
  expect(code).toContain("'http://127.0.0.1:8787'");
  const file = join(folder, name);
  await writeFile(file, code.replaceAll('http://127.0.0.1:8787', pop.pop.url.origin));
  const { stdout } = await run(process.execPath, [file], { cwd: folder });
  return stdout;
}

interface Example {
  readonly file: string;
  /** The function that the comment belongs to. */
  readonly of: string;
  readonly code: string;
}

const sourceOf = (file: string) => readFileSync(join(projectRoot, 'client', `${file}.ts`), 'utf8');
const examples = ['client', 'errors', 'feedback/feedback-client', 'media/media-client'].flatMap((file): Example[] =>
  Array.from(
    sourceOf(file).matchAll(/@example\n +\* ```ts\n(.*?) +\* ```\n.*?\*\/\n(?:export class )? *(?:override )?(\w+)/gs),
    ([, code = '', of = '']) => ({ file, of, code: code.replace(/^ +\* ?/gm, '') }),
  ),
);

test.each([
  ['client', PopserveClient],
  ['feedback/feedback-client', FeedbackClient],
  ['media/media-client', MediaClient],
])('every public function of %s has an @example and says what it throws', (file, { prototype }) => {
  const source = sourceOf(file);
  const isPublic = (name: string) => !new RegExp(`^  protected (async )?${name}\\b`, 'm').test(source);
  const functions = Object.getOwnPropertyNames(prototype).filter(isPublic);
  const shown = examples.filter((example) => example.file === file).map(({ of }) => of);
  expect(shown.sort()).toEqual(functions.sort());
  for (const name of functions.filter((name) => name !== 'constructor')) {
    const [comment = ''] = new RegExp(`/\\*\\*(?:(?!\\*/).)*\\*/\\n  (override )?${name}\\b`, 's').exec(source) ?? [];
    expect([name, comment]).toEqual([name, expect.stringContaining('@throws {PopserveError}')]);
  }
});

test.each(examples)('the @example of $of in $file prints what it says', async ({ of, code }) => {
  const printed = Array.from(code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm), ([, text]) => `${text}\n`);
  expect(printed.length).toBeGreaterThan(0);
  expect(await runAtPop(`example-${of}.mts`, code)).toBe(printed.join(''));
});

test('every @example, and the TypeScript of the page, passes the strictest checks', async () => {
  const typed = [
    ...examples.map(({ code }) => code),
    ...blocks.filter(({ language }) => language === 'ts').map(({ code }) => code),
  ];
  const files = typed.map((_, index) => `typed-${index}.mts`);
  await Promise.all(typed.map((code, index) => writeFile(join(folder, `typed-${index}.mts`), code)));
  const tsc = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = [
    '--strict',
    '--noUncheckedIndexedAccess',
    '--noEmit',
    '--skipLibCheck',
    '--types',
    '',
    '--lib',
    'es2022,dom',
  ];
  const modules = ['--module', 'esnext', '--moduleResolution', 'bundler', '--target', 'es2022'];
  const faults = await run(process.execPath, [tsc, ...options, ...modules, ...files], { cwd: folder }).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
  expect(faults).toBe('');
});

test('docs/client.md lists every code of an error, with its status', () => {
  const listed = tableRows(readPage('docs/client.md'), '| code | status | when |');
  expect(listed.map(([code = '', status]) => [code.replaceAll('`', ''), Number(status)])).toEqual([
    ...Object.entries(statusByCode),
    ...clientCodes.map((code) => [code, 0]),
  ]);
});

test('a Worker asks as well, through a binding or the network', async () => {
  const worker = `
    import { PopserveClient, PopserveError } from './client.js';
    const column = (value) => ({ data: new Float32Array([value]), shape: [1, 1] });
    const inputs = {
      type: { data: ['L'], shape: [1, 1] }, air_temperature: column(298.9), process_temperature: column(309.1),
      rotational_speed: column(1310), torque: column(64.5), tool_wear: column(198),
    };
    export default {
      async fetch(request, env) {
        const bound = new PopserveClient('https://pop.internal', { fetch: env.POP.fetch.bind(env.POP) });
        const direct = new PopserveClient(env.URL);
        const answers = await Promise.all([bound, direct].map((client) => client.infer('machine-failure', inputs)));
        const error = await direct.infer('nobody', inputs).catch((error) => error);
        return Response.json({
          failures: answers.map(({ outputs, ranAt }) => ranAt + ' ' + outputs.failure.data[0]),
          code: error instanceof PopserveError && error.code,
        });
      },
    };`;
  const miniflare = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    compatibilityDate: '2026-07-30',
    modulesRoot: '/',
    modules: [
      { type: 'ESModule', path: '/main.js', contents: worker },
      { type: 'ESModule', path: '/client.js', contents: await readFile(join(clientFolder, 'index.js'), 'utf8') },
    ],
    bindings: { URL: pop.pop.url.href },
    // Stands in for a service binding to a Worker of the same account.
    serviceBindings: {
      POP: async (request: BoundRequest) => {
        const { pathname } = new URL(request.url);
        const body = await request.arrayBuffer();
        return await pop.pop.miniflare.dispatchFetch(`https://localhost${pathname}`, {
          method: request.method,
          headers: [...request.headers],
          body,
        });
      },
    },
  });
  try {
    const response = await fetch(await miniflare.ready);
    expect(await response.json()).toEqual({ failures: ['pop 1', 'pop 1'], code: 'NOT_FOUND' });
  } finally {
    await miniflare.dispose();
  }
});
