// The client as it is handed out, against a PoP with the demo model: the code of docs/client.md as it stands there, with the
// client as an installed package, and inside a Worker.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Request as BoundRequest, Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildClient, clientFolder } from '../../scripts/build/client.ts';
import { projectRoot } from '../../scripts/build/project.ts';
import { demoRelease } from '../examples/demo-release.ts';
import { TestPop } from '../harness/pop.ts';

const run = promisify(execFile);

let pop: TestPop;
let folder: string;
let blocks: { language: string; code: string }[];
beforeAll(async () => {
  await buildClient({ declarations: false });
  folder = await mkdtemp(join(tmpdir(), 'popserve-docs-'));
  const modules = join(folder, 'node_modules');
  await mkdir(modules);
  await symlink(projectRoot, join(modules, 'popserve'));
  await symlink(join(projectRoot, 'node_modules', 'onnxruntime-web'), join(modules, 'onnxruntime-web'));
  const text = await readFile(join(projectRoot, 'docs', 'client.md'), 'utf8');
  blocks = Array.from(text.matchAll(/^```(js|ts)\n(.*?)^```$/gms), ([, language = '', code = '']) => ({
    language,
    code,
  }));
  pop = await TestPop.start();
  await pop.release(await demoRelease());
});
afterAll(async () => {
  await pop?.stop();
  await rm(folder, { recursive: true, force: true });
});

test.each([
  [0, 'first', /^will fail 1 pop\n$/],
  [1, 'typed', /^0 1\n$/],
  [2, 'records', /^1 0\.99\d 1\n$/],
  [3, 'local', /^local 1n\n$/],
])('block %i (%s) does what it says', async (index, name, printed) => {
  expect(blocks).toHaveLength(4);
  const { language, code } = blocks[index] ?? { language: 'js', code: '' };
  expect(code).toContain("'http://127.0.0.1:8787'");
  const file = join(folder, `${name}.m${language}`);
  await writeFile(file, code.replaceAll('http://127.0.0.1:8787', pop.pop.url.origin));
  const { stdout } = await run(process.execPath, [file]);
  expect(stdout).toMatch(printed);
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
    // What a Worker of the same account would be.
    serviceBindings: {
      POP: async (request: BoundRequest) => {
        const { pathname } = new URL(request.url);
        const body = await request.arrayBuffer();
        return await pop.pop.miniflare.dispatchFetch(`https://pop${pathname}`, {
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
