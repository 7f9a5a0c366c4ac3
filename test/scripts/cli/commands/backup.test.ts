// Whole registries between real PoPs and folders, by the command.
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModelStatus } from '../../../../registry/api/status.ts';
import { eventually } from '../../../harness/eventually.ts';
import { sha256, TestPop } from '../../../harness/pop.ts';
import { adder } from '../../../harness/small-models.ts';
import { type Ran, runCommand } from '../captured-host.ts';

const root = mkdtempSync(join(tmpdir(), 'popserve-backup-'));
afterAll(() => rmSync(root, { recursive: true }));

const settings = { ROUTE_REFRESH_SECONDS: '0', TELEMETRY_FLUSH_SECONDS: '0' };
let pop: TestPop;
let folder: string;
let pops: TestPop[] = [];
beforeEach(async () => {
  pop = await startPop();
  folder = mkdtempSync(join(root, 'of-'));
});
afterEach(async () => {
  await Promise.all(pops.map((each) => each.stop()));
  pops = [];
});

async function startPop(): Promise<TestPop> {
  const started = await TestPop.start(settings);
  pops.push(started);
  return started;
}

function run(at: TestPop, ...args: string[]): Promise<Ran> {
  const url = at.pop.url.href;
  const env = { POPSERVE_URL: url, POPSERVE_TOKEN: at.pop.token, POPSERVE_ACTOR: 'somebody' };
  // Clocks of KV and of the Worker are real, so waits are too.
  return runCommand(args, url, { env, wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) });
}

async function done(at: TestPop, ...args: string[]): Promise<string> {
  const ran = await run(at, ...args);
  if (ran.status !== 0) throw new Error(`${args.join(' ')}: ${ran.out}${ran.err}`);
  return ran.out;
}

const json = async <T = Record<string, unknown>>(at: TestPop, ...args: string[]) =>
  JSON.parse((await run(at, ...args, '--json')).out) as T;

/** What the PoP answers to x = [1, 2], and from which epoch; null: it does not. */
async function ask(at: TestPop, model: string): Promise<{ y: number[]; epoch: number } | null> {
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }];
  const answer = await at.send('POST', `/v2/models/${model}/infer`, { inputs });
  if (answer.status !== 200) return null;
  const { outputs } = answer.json<{ outputs: { data: number[] }[] }>();
  return { y: outputs[0]?.data ?? [], epoch: Number(answer.headers.get('popserve-epoch')) };
}

async function wipe({ pop: { miniflare } }: TestPop): Promise<void> {
  const bucket = await miniflare.getR2Bucket('MODELS');
  const { objects } = await bucket.list();
  await bucket.delete(objects.map(({ key }) => key));
}

/** Two models, one with a history, a retired version and a key that was revoked. */
async function fill(at: TestPop): Promise<void> {
  await at.release(adder('pump', '1', 10));
  await at.release(adder('pump', '2b', 20));
  await at.release(adder('pump', '2B', 30), false);
  await at.release(adder('fan', '1', 5));
  await done(at, 'retire', 'pump', '2B');
  const { key } = await json<{ key: { id: string } }>(at, 'keys', 'create', 'press', '--scope', 'infer');
  await done(at, 'keys', 'revoke', key.id);
}

describe('popserve backup', () => {
  it('keeps everything, then only what is new, in files that nobody else can read', async () => {
    await fill(pop);
    const first = await json(pop, 'backup', folder);
    expect(first).toMatchObject({ vanished: [], faults: [] });
    expect(first.fetched).toBe(first.objects);
    expect(statSync(join(folder, 'index.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'models/pump/versions')).sort()).toEqual(['1.json', '2!b.json', '2b.json']);
    expect((await json(pop, 'backup', folder)).fetched).toBe(0);
    await pop.release(adder('pump', '3', 40));
    // A blob, a manifest, a route and the records of three changes.
    expect((await json(pop, 'backup', folder)).fetched).toBeGreaterThanOrEqual(6);
    const checked = await run(pop, 'backup', folder, '--check');
    expect(checked, checked.out).toMatchObject({ status: 0 });
    expect(checked.out).toContain('whole: it can be restored');
  });

  it('goes on where it ended, without fetching blobs again', async () => {
    await fill(pop);
    const { objects } = await json<{ objects: number }>(pop, 'backup', folder);
    const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
    const unfinished = { ...index, takenAt: null, objects: {} };
    writeFileSync(join(folder, 'index.json'), JSON.stringify(unfinished));
    expect((await run(pop, 'backup', folder, '--check')).out).toContain('the backup was never completed');
    const again = await json<{ objects: number; fetched: number }>(pop, 'backup', folder);
    expect(again.objects).toBe(objects);
    expect(again.fetched).toBe(objects - 4);
  });

  it('says what vanished, keeps it, and takes it out on demand', async () => {
    await fill(pop);
    const bytes = new TextEncoder().encode('of a release that was given up');
    await pop.operate('PUT', `/registry/blobs/${sha256(bytes)}`, bytes);
    await done(pop, 'backup', folder);
    const bucket = await pop.pop.miniflare.getR2Bucket('MODELS');
    const key = sha256(bytes).replace('sha256:', 'blobs/sha256/');
    await bucket.delete(key);
    expect((await run(pop, 'backup', folder)).out).toContain(`deleted there; --prune takes it out: ${key}`);
    expect((await run(pop, 'backup', folder, '--prune')).out).toContain(`deleted there and taken out: ${key}`);
    expect((await run(pop, 'backup', folder)).out).not.toContain(key);
    const [route] = (await bucket.list({ prefix: 'models/pump/routes/' })).objects;
    await bucket.delete(route?.key ?? '');
    const lost = await run(pop, 'backup', folder);
    expect(lost.status).toBe(1);
    expect(lost.out).toContain(`FAULT: ${route?.key}: it is gone, and a registry never removes it`);
    expect((await run(pop, 'backup', folder, '--check')).status).toBe(0);
  });

  it('finds every kind of damage without the registry, and refuses to restore it', async () => {
    await fill(pop);
    await done(pop, 'backup', folder);
    const blob = join(folder, 'blobs/sha256', readdirSync(join(folder, 'blobs/sha256'))[0] ?? '');
    const kept = readFileSync(blob);
    writeFileSync(blob, Buffer.concat([kept, Buffer.from('x')]));
    const damaged = await run(pop, 'backup', folder, '--check');
    expect(damaged.status).toBe(1);
    expect(damaged.out).toMatch(/FAULT: blobs\/sha256\/[0-9a-f]{64}: expected sha256:/);
    const refused = await run(await startPop(), 'restore', folder);
    expect(refused.status).toBe(1);
    expect(refused.err).toContain('is damaged, nothing was restored: blobs/sha256/');
    writeFileSync(blob, kept);
    const manifest = join(folder, 'models/pump/versions/2b.json');
    renameSync(manifest, `${manifest}.away`);
    expect((await run(pop, 'backup', folder, '--check')).out).toContain('cannot read');
  });

  it('is of one place', async () => {
    await done(pop, 'backup', folder);
    const other = await run(await startPop(), 'backup', folder);
    expect(other.status).toBe(1);
    expect(other.err).toContain(`is a backup of ${pop.pop.url.href}; choose another folder`);
    const nothing = await run(pop, 'restore', join(folder, 'nowhere'));
    expect(nothing.err).toContain('holds no backup');
  });
});

describe('popserve restore', () => {
  it('makes an empty registry serve the same, with history, keys, retired names and audit', async () => {
    await fill(pop);
    await done(pop, 'backup', folder);
    const target = await startPop();
    expect((await run(target, 'restore', folder, '--dry-run')).out).toMatch(
      /^would write \d+ objects at http.*; 0 are there/,
    );
    await done(target, 'restore', folder);
    expect(await ask(target, 'pump')).toEqual({ y: [21, 22], epoch: 2 });
    expect(await ask(target, 'fan')).toEqual({ y: [6, 7], epoch: 1 });
    const shown = async (at: TestPop) => {
      const { versions, ...rest } = await json<{ versions: { version: string }[] }>(at, 'show', 'pump');
      return { ...rest, versions: versions.map(({ version }) => version) };
    };
    expect(await shown(target)).toEqual(await shown(pop));
    for (const args of [
      ['history', 'pump'],
      ['keys', 'list'],
    ])
      expect(await json(target, ...args)).toEqual(await json(pop, ...args));
    const lines = (text: string) => text.trim().split('\n');
    const audit = lines(await done(target, 'audit', '--json', '--limit', '1000'));
    for (const line of lines(await done(pop, 'audit', '--json', '--limit', '1000'))) expect(audit).toContain(line);
    // Idempotent: everything is there, what the restore itself has recorded included.
    expect(await done(target, 'restore', folder)).toContain(': 0 objects written');
  });

  it('completes what is there in part, and refuses a registry that has other content', async () => {
    await fill(pop);
    await done(pop, 'backup', folder);
    const part = await startPop();
    await part.release(adder('fan', '1', 5), false);
    await part.release(adder('other', '1', 1));
    await done(part, 'restore', folder);
    expect(await ask(part, 'fan')).toEqual({ y: [6, 7], epoch: 1 });
    expect(await ask(part, 'other')).not.toBeNull();
    const foreign = await startPop();
    await foreign.release(adder('pump', '1', 11));
    const refused = await run(foreign, 'restore', folder);
    expect(refused.status).toBe(1);
    expect(refused.err).toMatch(
      /nothing was restored: 2 objects are there with other content: models\/pump\/routes\/\d+, models\/pump\/versions\/1.json/,
    );
    expect(await ask(foreign, 'fan')).toBeNull();
  });
});

describe('an isolate that knew a higher epoch', () => {
  const status = async (at: TestPop) => await json<ModelStatus>(at, 'status', 'pump');

  it('serves on, is told of, and takes releases again after the restore', async () => {
    await pop.release(adder('pump', '1', 10));
    await pop.release(adder('pump', '2', 20));
    await done(pop, 'backup', folder);
    await pop.release(adder('pump', '3', 30), false);
    const last = await pop.takeOver('pump', { action: 'activate', version: '3' });
    await pop.takeOver('pump', { action: 'alias', name: 'next', version: '2' });
    expect(await ask(pop, 'pump')).toEqual({ y: [31, 32], epoch: last + 1 });
    await eventually(async () => expect((await status(pop)).pops).toMatchObject([{ highestEpoch: 4 }]));
    await wipe(pop);
    const restored = await done(pop, 'restore', folder);
    expect(restored).toContain(
      'pump: PoPs have served up to epoch 4, the backup ends at 2; it goes on at 5 with the same routing',
    );
    await eventually(async () => expect(await ask(pop, 'pump')).toEqual({ y: [21, 22], epoch: 5 }));
    const { routes } = await json<{ routes: { epoch: number; audit: { action: string; reason?: string } }[] }>(
      pop,
      'history',
      'pump',
    );
    expect(routes.map(({ epoch, audit }) => `${epoch} ${audit.action}`)).toEqual([
      '5 renew',
      '4 renew',
      '3 renew',
      '2 activate',
      '1 activate',
    ]);
    expect(routes[0]?.audit.reason).toBe('restored from a backup: epochs 3 to 4 were lost');
    await pop.takeOver('pump', { action: 'activate', version: '1' });
    expect(await ask(pop, 'pump')).toEqual({ y: [11, 12], epoch: 6 });
  });

  it('shows up in status and doctor where the log was put back without the command, until renew', async () => {
    await pop.release(adder('pump', '1', 10));
    await pop.release(adder('pump', '2', 20));
    await eventually(async () => expect(await ask(pop, 'pump')).toMatchObject({ epoch: 2 }));
    const bucket = await pop.pop.miniflare.getR2Bucket('MODELS');
    const [newest] = (await bucket.list({ prefix: 'models/pump/routes/' })).objects;
    await bucket.delete(newest?.key ?? '');
    await pop.operate('POST', '/registry/repair');
    await eventually(async () => {
      expect(await ask(pop, 'pump')).toEqual({ y: [21, 22], epoch: 2 });
      expect((await status(pop)).pops).toMatchObject([{ epoch: 2, ahead: { logEpoch: 1 } }]);
    });
    expect(pop.logs.filter(({ event }) => event === 'epoch-ahead')).toMatchObject([
      { model: 'pump', epoch: 2, log: 1 },
    ]);
    expect(await done(pop, 'status', 'pump')).toContain(
      'local serves epoch 2, which the log has lost: it ends at epoch 1\nthese PoPs take no release until you run: npx popserve renew pump',
    );
    await eventually(async () => expect((await run(pop, 'doctor')).out).toContain("run 'npx popserve renew pump'"));
    expect(await done(pop, 'renew', 'pump')).toBe(
      'pump: from epoch 1 to 3, serving the same; PoPs had served up to epoch 2\n',
    );
    await eventually(async () => expect(await ask(pop, 'pump')).toEqual({ y: [11, 12], epoch: 3 }));
    await eventually(async () => expect((await status(pop)).pops).toMatchObject([{ epoch: 3, ahead: null }]));
    expect(await done(pop, 'renew', 'pump')).toBe('pump: no PoP is ahead of the route log\n');
    // The metrics that it asks for are kept for some seconds.
    await eventually(async () => expect((await run(pop, 'doctor')).out).toContain('no PoP is ahead of the route log'));
  });
});
