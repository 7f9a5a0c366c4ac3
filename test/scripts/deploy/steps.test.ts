// The steps that need no account: the edit of the wrangler file, the waiting token, the questions to the deployed Worker.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../../scripts/build/project.ts';
import { PendingToken } from '../../../scripts/deploy/steps/pending-token.ts';
import { verify } from '../../../scripts/deploy/steps/verify.ts';
import { editNamespaceId, writeNamespaceId } from '../../../scripts/deploy/steps/write-id.ts';
import { readTarget } from '../../../scripts/deploy/target.ts';

const id = '0123456789abcdef0123456789abcdef';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'popserve-steps-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the id of a namespace', () => {
  it("goes into this repository's file and changes one line of it", async () => {
    const config = join(folder, 'wrangler.toml');
    const text = await readFile(join(projectRoot, 'wrangler.toml'), 'utf8');
    await writeFile(config, text);
    await writeNamespaceId(await readTarget(config, 'production'), 'ROUTES', id);
    const [before, after] = [text.split('\n'), (await readFile(config, 'utf8')).split('\n')];
    const changed = after.filter((line, index) => line !== before[index]);
    expect(changed).toEqual([`id = "${id}"`]);
    expect(after).toHaveLength(before.length);
    expect((await readTarget(config, 'production')).namespaces[0]?.id).toBe(id);
    expect((await readTarget(config, 'staging')).namespaces[0]?.id).toBeNull();
    expect(await readdir(folder)).toEqual(['wrangler.toml']);
  });

  it('keeps what stands beside it', () => {
    const text = '[[ kv_namespaces ]] # copies\nbinding = "ROUTES"\n  id = \'000\' # not made yet\npreview_id = "1"\n';
    expect(editNamespaceId(text, '', 'ROUTES', 'ab')).toBe(
      '[[ kv_namespaces ]] # copies\nbinding = "ROUTES"\n  id = "ab" # not made yet\npreview_id = "1"\n',
    );
  });

  it('joins a table that has none', () => {
    const text = '[[kv_namespaces]]\nbinding = "OTHER"\n\n[[kv_namespaces]]\nbinding = "ROUTES"\n[vars]\nid = "x"\n';
    expect(editNamespaceId(text, '', 'ROUTES', 'ab')).toBe(
      '[[kv_namespaces]]\nbinding = "OTHER"\n\n[[kv_namespaces]]\nbinding = "ROUTES"\nid = "ab"\n[vars]\nid = "x"\n',
    );
  });

  it('is told to the person where the file has another form, and the file stays', async () => {
    const config = join(folder, 'inline.toml');
    const text = 'name = "x"\nkv_namespaces = [{ binding = "ROUTES", id = "0" }]\n';
    await writeFile(config, text);
    const target = await readTarget(config, '');
    await expect(writeNamespaceId(target, 'ROUTES', id)).rejects.toThrow(
      `inline.toml cannot be edited safely; write id = "${id}" beside binding = "ROUTES" under [[kv_namespaces]]`,
    );
    expect(await readFile(config, 'utf8')).toBe(text);
    await rm(config);
  });
});

it('keeps a token that nobody has seen, readable by its owner alone', async () => {
  const pending = new PendingToken({ folder, worker: 'pop' });
  expect(await pending.read()).toBeNull();
  const token = await pending.make();
  expect(await new PendingToken({ folder, worker: 'pop' }).read()).toBe(token);
  expect((await stat(join(folder, '.popserve', 'deploy', 'pop.token'))).mode & 0o777).toBe(0o600);
  await pending.forget();
  expect(await pending.read()).toBeNull();
});

describe('the deployed Worker', () => {
  const token = 'the-operators-token';
  /** Answers by path; `authorized` for calls with the token. */
  let answers: Record<string, readonly [status: number, body: string]>;
  let server: Server;
  let url: URL;

  const healthy = {
    '/v2/health/live': [200, '{"live":true}'],
    '/v2': [200, '{"name":"popserve","version":"1.2.3"}'],
    '/registry/models': [401, '{}'],
    '/registry/models authorized': [200, '{"models":[]}'],
    '/v2/models/deploy-looks-for-access/ready': [401, '{}'],
  } as const;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const mark = request.headers.authorization === `Bearer ${token}` ? ' authorized' : '';
      const [status, body] = answers[`${request.url}${mark}`] ?? [404, ''];
      response.writeHead(status).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  });

  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  const faults = async (changes: Partial<typeof answers>, access: 'open' | 'keyed' = 'keyed') => {
    answers = { ...healthy, ...(changes as typeof answers) };
    const checks = await verify({ url, token, access, patienceMs: 0 });
    return checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
  };

  it('is as it should be', async () => {
    expect(await faults({})).toEqual([]);
  });

  it('is given time to appear at a new address', async () => {
    answers = {};
    const waits: number[] = [];
    const wait = async (ms: number) => {
      waits.push(ms);
      if (waits.length === 3) answers = { ...healthy };
    };
    const checks = await verify({ url, token, access: 'keyed', patienceMs: 10_000, wait });
    expect(checks.every(({ ok }) => ok)).toBe(true);
    expect(waits).toEqual([500, 1000, 2000]);
  });

  it.each([
    ['does not serve', { '/v2/health/live': [404, 'nothing here'] }, 'status 404 (nothing here)'],
    ['is something else', { '/v2': [200, '{"name":"triton"}'] }, 'expected popserve, got status 200'],
    ['lets everybody release', { '/registry/models': [200, '{"models":[]}'] }, 'expected a refusal without a token'],
    ['has no token', { '/registry/models': [503, '{}'] }, 'the Worker has no ADMIN_TOKEN'],
    ['has another token', { '/registry/models authorized': [401, '{}'] }, "the operator's token is not the Worker's"],
    ['is open by mistake', { '/v2/models/deploy-looks-for-access/ready': [404, '{}'] }, 'expected keyed access'],
  ] as const)('that %s is found out', async (_name, changes, fault) => {
    expect((await faults(changes as unknown as Partial<typeof answers>)).join()).toContain(fault);
  });
});

it('an environment that the file does not have is told with those that it has', async () => {
  const config = join(await mkdtemp(join(folder, 'single-')), 'wrangler.toml');
  await writeFile(config, 'name = "mine"\nmain = "index.js"\ncompatibility_date = "2026-07-30"\n');
  await expect(readTarget(config, 'production')).rejects.toThrow(
    "wrangler.toml has no environment 'production'; it describes one deployment, its top level: leave --env away",
  );
  await expect(readTarget(join(projectRoot, 'wrangler.toml'), 'eu')).rejects.toThrow('; it has staging and production');
});

it('the Worker of the second engine is read from the file beside, in the same environment', async () => {
  const own = await mkdtemp(join(folder, 'litert-'));
  const config = join(own, 'wrangler.toml');
  const common = 'main = "index.js"\ncompatibility_date = "2026-07-30"\n[env.production]\n';
  await writeFile(
    config,
    `name = "mine"\n${common}[[env.production.services]]\nbinding = "LITERT"\nservice = "mine-litert-production"\n`,
  );
  expect((await readTarget(config, 'production')).litert).toEqual({ bound: 'mine-litert-production', described: null });
  const described = join(own, 'wrangler.litert.toml');
  await writeFile(
    described,
    `name = "mine-litert"\n${common}[[env.production.r2_buckets]]\nbinding = "MODELS"\nbucket_name = "models"\n`,
  );
  expect((await readTarget(config, 'production')).litert).toEqual({
    bound: 'mine-litert-production',
    described: { config: described, worker: 'mine-litert-production', bucket: 'models' },
  });
  expect((await readTarget(config, '')).litert).toEqual({
    bound: null,
    described: { config: described, worker: 'mine-litert', bucket: null },
  });
});
