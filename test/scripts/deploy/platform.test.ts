// A whole life of a deployment without an account: the real wrangler deploys to a double of the platform, which runs in workerd what
// was uploaded. One story, whose parts follow each other: the first deployment dies half-way, the repeat completes it, models are
// released, the code is upgraded under traffic and rolled back.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { projectRoot } from '../../../scripts/build/project.ts';
import { CloudflareDouble } from '../../../scripts/checks/cloudflare/double.ts';
import { type ScratchProject, scratchProject } from '../../../scripts/checks/cloudflare/project.ts';
import { wranglerFor } from '../../../scripts/deploy/wrangler.ts';
import { withLitert } from '../../harness/litert.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';
import { type Ran, runCommand } from '../cli/captured-host.ts';

const worker = 'popserve-production';
// Every step is a process of wrangler, several seconds of a core.
const slow = 240_000;

let double: CloudflareDouble;
let project: ScratchProject;
let pop: TestPop;
let url: URL;
let token = '';

beforeAll(async () => {
  double = await CloudflareDouble.start();
  project = await scratchProject();
  url = await double.edge.open(worker);
}, slow);

afterAll(async () => {
  await double?.stop();
  await project?.[Symbol.asyncDispose]();
}, slow);

/** `popserve deploy` as a person runs it in a terminal. */
async function deploy(...more: string[]): Promise<Ran> {
  const { CI: _, ...env } = process.env;
  const args = ['deploy', '--env', 'production', '--config', project.config, '--url', url.href, ...more];
  return await runCommand(args, url.href, { env: { ...env, ...double.environment } });
}

/** One answer of the model for x = 0: which version gave it, and which code. */
async function ask(): Promise<{ value: number; version: string | null; code: string | null }> {
  const body = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [0, 0] }] };
  const answer = await pop.send('POST', '/v2/models/adder/infer', body, { authorization: `Bearer ${token}` });
  if (answer.status !== 200) throw new Error(`infer: ${answer.status} ${new TextDecoder().decode(answer.bytes)}`);
  const { outputs } = answer.json<{ outputs: { data: number[] }[] }>();
  return {
    value: outputs[0]?.data[0] ?? Number.NaN,
    version: answer.headers.get('popserve-version'),
    code: answer.headers.get('code'),
  };
}

it(
  'says each step and does none in a dry run',
  async () => {
    const { status, out } = await deploy('--dry-run', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ worker, dryRun: true, steps: { length: 6 } });
    expect([double.account.buckets.size, double.account.namespaces.size, double.account.scripts.size]).toEqual([
      0, 0, 0,
    ]);
    expect(await readFile(project.config, 'utf8')).not.toMatch(/^id = "[^0]/m);
  },
  slow,
);

it(
  'is left half-way by an upload whose answer is lost, and shows no token',
  async () => {
    double.fault = { call: 'PUT workers/scripts/{script}', kind: 'dropped-after' };
    const { status, out, err } = await deploy();
    double.fault = null;
    expect(status).toBe(1);
    expect(err).toContain('the deployment is not complete');
    expect(out).toBe('');
    expect(double.account.scripts.has(worker)).toBe(true);
  },
  slow,
);

it(
  'is completed by the same command: nothing is made twice, and the token is shown',
  async () => {
    const { status, out, err } = await deploy('--json');
    expect([status, err]).toEqual([0, '']);
    const report = JSON.parse(out) as { token: string; steps: string[]; checks: { name: string; ok: boolean }[] };
    expect(report.steps).toEqual([`deploy the Worker ${worker}`, 'verify the deployed Worker through its URL']);
    expect(report.checks.map(({ name, ok }) => [name, ok])).toEqual(
      ['health', 'server', 'control plane', 'token', 'inference', 'transport'].map((name) => [name, true]),
    );
    ({ token } = report);
    const { buckets, namespaces, scripts } = double.account;
    expect([buckets.size, namespaces.size, scripts.size]).toEqual([1, 1, 1]);
    const script = double.account.script(worker);
    expect([script.migrationTag, script.crons, script.onWorkersDev]).toEqual(['v1', ['*/5 * * * *'], true]);
    expect(await readFile(project.config, 'utf8')).toContain(`id = "${[...namespaces.keys()][0]}"`);
    // The Worker runs with what was uploaded.
    const upload = script.versions.at(-1)?.upload;
    expect(upload?.compatibilityDate).toBe('2026-07-30');
    expect(upload?.compatibilityFlags).toContain('no_nodejs_compat');
    expect(upload?.bindings).toContainEqual({ type: 'secret_text', name: 'ADMIN_TOKEN', text: token });
  },
  slow,
);

it('serves models: publish, infer, canary', async () => {
  pop = TestPop.of({
    url,
    token,
    variables: [],
    get miniflare(): never {
      throw new Error('the platform lends nobody its inside');
    },
    stop: () => double.stop(),
  });
  await pop.release(adder('adder', '1', 10));
  await pop.release(adder('adder', '2', 20), false);
  expect(await ask()).toMatchObject({ value: 10, version: '1' });
  await pop.takeOver('adder', { action: 'canary', version: '2', percent: 100 });
  expect(await ask()).toMatchObject({ value: 20, version: '2' });
  await pop.takeOver('adder', { action: 'abort' });
  expect(await ask()).toMatchObject({ value: 10, version: '1' });
});

it('repairs copies of routes when its cron fires', async () => {
  await expect(double.edge.fireCron(worker)).resolves.toBeUndefined();
});

it(
  'upgrades the code under traffic: no request fails, and the models stay',
  async () => {
    const next = join(project.folder, 'next.ts');
    const index = JSON.stringify(join(projectRoot, 'worker', 'index.ts'));
    await writeFile(
      next,
      `import worker from ${index};
export { ModelTelemetry } from ${index};
export default {
  ...worker,
  async fetch(request, env, context) {
    const answer = await worker.fetch(request, env, context);
    const marked = new Response(answer.body, answer);
    marked.headers.set('code', 'next');
    return marked;
  },
};
`,
    );
    const text = await readFile(project.config, 'utf8');
    await writeFile(project.config, text.replace(/^main = .*$/m, 'main = "next.ts"'));
    let deployed = false;
    const seen: Awaited<ReturnType<typeof ask>>[] = [];
    const traffic = async () => {
      while (!deployed) seen.push(await ask());
    };
    const upgrade = deploy().finally(() => {
      deployed = true;
    });
    const [{ status, err }] = await Promise.all([upgrade, traffic(), traffic()]);
    expect([status, err]).toEqual([0, '']);
    seen.push(await ask());
    expect(new Set(seen.map(({ value }) => value))).toEqual(new Set([10]));
    const codes = new Set(seen.map(({ code }) => code));
    expect(codes).toEqual(new Set([null, 'next']));
  },
  slow,
);

it(
  'rolls the code back, and the models stay',
  async () => {
    const { CI: _, ...env } = process.env;
    const wrangler = wranglerFor({ ...env, ...double.environment }, project.folder, project.config, 'production');
    const ended = await wrangler.run(['rollback', '--yes', '--message', 'the new code is taken back']);
    expect(ended.fault).toBe('');
    expect(await ask()).toEqual({ value: 10, version: '1', code: null });
  },
  slow,
);

it(
  'deploys the Worker of the second engine before the one that binds it, and asks it',
  async () => {
    const config = join(project.folder, 'wrangler.litert.toml');
    const standIn = JSON.stringify(join(projectRoot, 'test', 'harness', 'litert-stand-in.js'));
    const head = `name = "popserve-litert"\nmain = ${standIn}\ncompatibility_date = "2026-07-30"\nworkers_dev = false\n`;
    const bucket = '[[env.production.r2_buckets]]\nbinding = "MODELS"\nbucket_name = "popserve-models"\n';
    await writeFile(config, `${head}[env.production]\n${bucket}`);
    const text = await readFile(project.config, 'utf8');
    const service = '[[env.production.services]]\nbinding = "LITERT"\nservice = "popserve-litert-production"\n';
    await writeFile(project.config, `${text}\n${service}`);
    const { status, out, err } = await deploy('--json');
    expect([status, err]).toEqual([0, '']);
    expect((JSON.parse(out) as { steps: string[] }).steps).toEqual([
      'deploy the Worker popserve-litert-production of wrangler.litert.toml, the second engine',
      `deploy the Worker ${worker}`,
      'verify the deployed Worker through its URL',
    ]);
    await pop.release(withLitert(adder('adder', '3', 30), [1, 2]), false);
    await pop.takeOver('adder', { action: 'activate', version: '3' });
    expect(await ask()).toMatchObject({ value: 100, version: '3' });
  },
  slow,
);

it('made no call that the double does not know', () => {
  expect(double.unknown).toEqual([]);
});
