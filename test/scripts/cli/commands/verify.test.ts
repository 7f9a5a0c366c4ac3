import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../../../registry/manifest.ts';
import { close, listen, portOf } from '../../../harness/http-server.ts';
import { sha256, TestPop } from '../../../harness/pop.ts';
import { adder, type SmallPublication } from '../../../harness/small-models.ts';
import { type Ran, runCommand } from '../captured-host.ts';

let pop: TestPop;
/** Stands before the PoP, spoils what it answers to the default route, and says that LiteRT has answered. */
let spoiler: Server;
/** The credentials that came to it. */
const credentials: (string | undefined)[] = [];
beforeAll(async () => {
  pop = await TestPop.start();
  spoiler = createServer(async (request, response) => {
    credentials.push(request.headers.authorization);
    const epoch = request.headers['popserve-min-epoch'];
    const headers: Record<string, string> = typeof epoch === 'string' ? { 'popserve-min-epoch': epoch } : {};
    const answer = await pop.send('POST', request.url ?? '', await buffer(request), headers);
    const text = new TextDecoder().decode(answer.bytes);
    const isDefault = !request.url?.includes('/versions/');
    response.writeHead(answer.status, {
      'popserve-version': answer.headers.get('popserve-version') ?? '',
      'popserve-engine': 'litert',
    });
    response.end(isDefault ? text.replace('"data":[', '"data":[9') : text);
  });
  await listen(spoiler);
});
afterAll(async () => {
  await close(spoiler);
  await pop.stop();
});

function run(...args: string[]): Promise<Ran> {
  return runWith({ POPSERVE_TOKEN: pop.pop.token }, ...args);
}

function runWith(env: Record<string, string>, ...args: string[]): Promise<Ran> {
  const url = pop.pop.url.href;
  return runCommand(args, url, { env: { POPSERVE_URL: url, POPSERVE_ACTOR: 'somebody', ...env } });
}

/** y = x + constant, with golden vectors that say so, or say something else. */
function golden(name: string, version: string, constant: number, said = constant): SmallPublication {
  const { manifest, blobs } = adder(name, version, constant);
  const tensor = (of: string, data: number[]) => ({ name: of, datatype: 'FP32', shape: [1, 2], data });
  const cases = [1, 2].map((x) => ({ inputs: [tensor('x', [x, 0])], outputs: [tensor('y', [x + said, said])] }));
  const bytes = new TextEncoder().encode(JSON.stringify({ cases }));
  const digest = sha256(bytes);
  const artifacts = { ...manifest.artifacts, golden: { digest, bytes: bytes.length } };
  return { manifest: { ...manifest, artifacts }, blobs: [...blobs, { digest, bytes }] };
}

function spoiled(): string {
  return `http://127.0.0.1:${portOf(spoiler)}`;
}

describe('popserve verify', () => {
  it('replays the golden vectors of a version that is not served', async () => {
    await pop.release(golden('quiet', '1', 1), false);
    const ran = await run('verify', 'quiet', '1');
    expect(ran, ran.err).toMatchObject({ status: 0 });
    expect(ran.out).toMatch(/^quiet 1 at local \(http:.*\): 2 of 2 golden vectors as published\n$/);
  });

  it('fails where the PoP answers otherwise than it did when the version was published', async () => {
    await pop.release(golden('other', '1', 1, 3), false);
    const ran = await run('verify', 'other', '1', '--json');
    expect(ran.status).toBe(1);
    expect(JSON.parse(ran.out)).toMatchObject({
      cases: 2,
      faults: [
        expect.stringMatching(/^case 1: output 'y' differs at 2 of 2 elements/),
        expect.stringMatching(/^case 2/),
      ],
    });
  });

  it('tells how many answers LiteRT gave, and allows its quantised outputs what publishing did', async () => {
    // One step of the integers away; the tolerance of the version itself is 1e-3.
    const { manifest, blobs } = golden('stepped', '1', 1, 1.02);
    const bytes = new TextEncoder().encode('a converted model');
    const tflite = { digest: sha256(bytes), bytes: bytes.length };
    const litert: NonNullable<Manifest['runtime']['litert']> = {
      ...{ version: '2.5.3', inputs: [{ name: 'x', shape: [1, 2] }], timesFaster: 2, chosen: 'measured' },
      ...{ profile: { heapBytes: 1, createMs: 1, runMs: 1 }, tolerance: { y: 0.025 } },
    };
    const artifacts = { ...manifest.artifacts, tflite };
    const converted = { ...manifest, artifacts, runtime: { ...manifest.runtime, litert } };
    await pop.release({ manifest: converted, blobs: [...blobs, { digest: tflite.digest, bytes }] }, false);
    const ran = await run('verify', 'stepped', '1', '--url', spoiled());
    expect(ran, ran.err).toMatchObject({ status: 0 });
    expect(ran.out).toMatch(/: 2 of 2 golden vectors as published\nLiteRT gave 2 of 2 answers\n$/);
    const there = await run('verify', 'stepped', '1', '--json');
    expect(JSON.parse(there.out)).toMatchObject({ cases: 2, faults: [], litertAnswers: 0 });
  });

  it('asks once where nobody answers, or the port speaks another protocol', async () => {
    await pop.release(golden('away', '1', 1), false);
    const closed = createServer();
    await listen(closed);
    const nobody = `http://127.0.0.1:${portOf(closed)}`;
    await close(closed);
    for (const [url, fault] of [
      [nobody, 'nothing answers at '],
      [spoiled().replace('http:', 'https:'), 'this port speaks http'],
    ] as const) {
      const ran = await run('verify', 'away', '1', '--url', url);
      expect(ran.status).toBe(1);
      expect(ran.out).toContain(': 0 of 2 golden vectors as published\ncase 1: ');
      expect(ran.out).toContain(fault);
      expect(ran.out).toMatch(/\ncase 2: not asked\n$/);
    }
  });

  it('says why a version that draws random numbers cannot be verified, before it would be activated', async () => {
    const { manifest, blobs } = adder('drawn', '1', 1);
    await pop.release({ manifest: { ...manifest, random: { operators: ['Bernoulli'] } }, blobs }, false);
    for (const command of [['verify'], ['activate', '--verify']]) {
      const ran = await run(...command, 'drawn', '1');
      expect(ran.status).toBe(1);
      expect(ran.err).toContain(
        'drawn 1 has no golden vectors: it draws random numbers, so no two answers are the same',
      );
    }
    expect((await run('show', 'drawn', '1')).out).toMatch(/^random +other answers at each run: Bernoulli$/m);
  });

  it('sends the token to no other machine in the clear, and that of the local PoP to none', async () => {
    await pop.release(golden('secret', '1', 1), false);
    // No loopback by its name, though it leads here.
    const elsewhere = spoiled().replace('127.0.0.1', '0.0.0.0');
    credentials.length = 0;
    const refused = await run('verify', 'secret', '1', '--url', elsewhere);
    expect(refused).toMatchObject({ status: 2, err: expect.stringContaining('--url: expected an https URL') });
    expect(credentials).toEqual([]);
    const folder = mkdtempSync(join(tmpdir(), 'popserve-verify-'));
    try {
      writeFileSync(join(folder, 'token'), pop.pop.token);
      const local = await runWith({ POPSERVE_DATA: folder }, 'verify', 'secret', '1', '--url', elsewhere);
      expect(local, local.err).toMatchObject({ status: 0 });
      expect(credentials).toEqual([undefined, undefined]);
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(await run('verify', 'secret', '1', '--url', spoiled())).toMatchObject({ status: 0 });
    expect(credentials.slice(2)).toEqual(Array(2).fill(`Bearer ${pop.pop.token}`));
  });

  it('says so where there are no golden vectors, or no such version', async () => {
    await pop.release(adder('plain', '1', 1), false);
    expect((await run('verify', 'plain', '1')).err).toContain('plain 1 has no golden vectors');
    expect((await run('verify', 'plain', '2')).err).toContain('is not found');
    expect(await run('verify', 'plain', '1', '--url', 'nowhere')).toMatchObject({ status: 2 });
  });

  it.each([
    ['verify', 'plain', '1'],
    ['activate', 'plain', '1', '--verify'],
  ])('says for %s that a URL goes with --url', async (...words) => {
    expect(await run(...words, '--pop', 'https://fra.example.com')).toMatchObject({
      status: 2,
      err: expect.stringContaining('here a PoP is named by its URL: --url https://fra.example.com'),
    });
  });
});

describe('popserve activate --verify', () => {
  it('activates a version that answers as published', async () => {
    await pop.release(golden('fine', '1', 1), false);
    const ran = await run('activate', 'fine', '1', '--verify', '--reason', 'first');
    expect(ran, ran.err).toMatchObject({ status: 0 });
    expect(ran.out).toContain('fine: serving 1 (epoch 1)\n2 golden vectors as published, before and after\n');
  });

  it('changes nothing where the version fails before', async () => {
    await pop.release(golden('early', '1', 1));
    await pop.release(golden('early', '2', 2, 5), false);
    const ran = await run('activate', 'early', '2', '--verify');
    expect(ran).toMatchObject({ status: 1, err: expect.stringContaining('early 2 is not activated: case 1') });
    expect((await run('history', 'early', '--json')).out).not.toContain('"epoch": 2');
  });

  it('takes the release back where what is served fails, with the reason in the history', async () => {
    await pop.release(golden('late', '1', 1));
    await pop.release(golden('late', '2', 2), false);
    const ran = await run('activate', 'late', '2', '--verify', '--url', spoiled());
    expect(ran.status).toBe(1);
    expect(ran.out).toContain('late 2 does not answer as published once it is served:\ncase 1: ');
    expect(ran.out).toContain('taken back\nlate: serving 1 (epoch 3)');
    expect((await run('history', 'late')).out).toMatch(/rollback\s+1\s+2 failed its verification: case 1: output 'y'/);
  });

  it('refuses a version that breaks callers, and takes it back for good if it fails where that was meant', async () => {
    await pop.release(golden('broken', '1', 1));
    const { manifest, blobs } = golden('broken', '2', 2);
    // An additional input limit is another contract.
    const limits = [{ name: 'x', shape: [8, null], elements: 16 }];
    await pop.release({ manifest: { ...manifest, limits }, blobs }, false);
    const words = ['activate', 'broken', '2', '--verify', '--url', spoiled()];
    const refused = await run(...words);
    expect(refused).toMatchObject({ status: 1, out: expect.stringContaining('2 as stable would break callers of 1') });
    const ran = await run(...words, '--breaking', '--reason', 'meant');
    expect(ran.out).toContain('taken back\nbroken: serving 1 (epoch 3)');
    // Going back from a limit to none breaks nobody; the other way round it does, and must not stand in the way.
    await pop.release(golden('broken', '3', 3), false);
    await run('activate', 'broken', '2', '--breaking', '--reason', 'meant');
    const { out } = await run('activate', 'broken', '3', '--verify', '--url', spoiled());
    expect(out).toContain('taken back\nbroken: serving 2 (epoch 6)');
  });

  it('says that a first version cannot be taken back', async () => {
    await pop.release(golden('first', '1', 1), false);
    const ran = await run('activate', 'first', '1', '--verify', '--url', spoiled());
    expect(ran.status).toBe(1);
    expect(ran.out).toContain("not taken back: model 'first': no version was stable before '1'");
  });

  it('refuses --url without --verify', async () => {
    expect(await run('activate', 'fine', '1', '--url', spoiled())).toMatchObject({ status: 2 });
  });
});
