// A version with another contract, released with the command at a real PoP: refused with a table and a command to paste.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestPop } from '../../harness/pop.ts';
import { adder, type SmallPublication } from '../../harness/small-models.ts';
import { type Ran, runCommand } from './captured-host.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-breaking-'));
const file = join(folder, 'model.onnx');
let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
  writeFileSync(file, 'a model');
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await pop.stop();
});

/** @param publication what publishing the file makes */
function popserve(args: readonly string[], publication?: SmallPublication): Promise<Ran> {
  const url = pop.pop.url.href;
  const blobs = (publication?.blobs ?? []) as { digest: `sha256:${string}`; bytes: Uint8Array<ArrayBuffer> }[];
  return runCommand(args, url, {
    env: { POPSERVE_URL: url, POPSERVE_ACTOR: 'somebody', POPSERVE_TOKEN: pop.pop.token },
    ...(publication ? { prepare: async () => ({ manifest: publication.manifest, blobs, notes: [] }) } : {}),
  });
}

/** The words of a command that a message has, as a shell would read them. */
function pasted(text: string): string[] {
  const line = /^to .*: npx popserve (.*)$/m.exec(text)?.[1] ?? '';
  return Array.from(line.matchAll(/'([^']*)'|\S+/g), ([word, quoted]) => quoted ?? word);
}

/** Takes one input of another name than `adder`. */
function renamed(
  model: string,
  version: string,
  changes: Partial<SmallPublication['manifest']> = {},
): SmallPublication {
  const { manifest, blobs } = adder(model, version, 1);
  const inputs = manifest.signature.inputs.map((input) => ({ ...input, name: 'features' }));
  return { manifest: { ...manifest, warmup: null, signature: { ...manifest.signature, inputs }, ...changes }, blobs };
}

async function serve(model: string): Promise<void> {
  await pop.release(adder(model, '1', 1));
  await pop.release(renamed(model, '2'), false);
}

describe('a change that would break callers', () => {
  it.each([
    ['activate', ['2'], /^serving 2$|: serving 2 \(epoch 2\)/],
    ['canary', ['2', '--percent', '5'], /5 % of its traffic go to 2/],
    ['alias', ['night', '2'], /alias night: 2/],
    ['shadow', ['2', '--percent', '10'], /shadow: 2 runs along/],
  ])('by %s is refused with one table, and goes through as the message says', async (name, words, served) => {
    await serve(name);
    const refused = await popserve([name, name, ...words]);
    expect(refused.status).toBe(1);
    expect(refused.out).toMatch(/^CONTRACT +1 +2 +WHO +WHAT HAPPENS$/m);
    expect(refused.out).toMatch(/^input 'x' +FP32 \[-1,2\] +nothing +(callers that send tensors|the comparison) /m);
    expect(refused.out).toMatch(/^input 'features' +nothing +FP32 \[-1,2\] +(every caller|the comparison) /m);
    expect(pasted(refused.out)).toEqual([name, name, ...words, '--breaking', '--reason', 'WHY']);
    expect((await popserve(['history', name, '--json'])).out).not.toContain('"epoch": 2');

    const done = await popserve(pasted(refused.out));
    expect([done.status, done.out]).toEqual([0, expect.stringMatching(served)]);
    expect(done.out).toContain("breaks callers: input 'x': FP32 [-1,2] becomes nothing: ");
    expect((await popserve(['show', name])).out).toContain("breaks callers: input 'x': ");
    const history = (await popserve(['history', name])).out;
    expect(history).toMatch(new RegExp(`^2 .* ${name} `, 'm'));
    expect(history).toMatch(
      /^ +breaks callers: input 'x': .*\n(.*\n)* +breaks callers: input 'features': .*\n(.*\n)* +WHY$/m,
    );
  });

  it('by promote of a canary that was meant', async () => {
    await serve('promoted');
    await popserve(['canary', 'promoted', '2', '--percent', '5', '--breaking', '--reason', 'told them']);
    const refused = await popserve(['promote', 'promoted', '--reason', "it's time"]);
    expect(refused).toMatchObject({ status: 1, out: expect.stringContaining('2 as stable would break callers of 1') });
    expect(refused.out).toContain("npx popserve promote promoted --reason 'it'\\''s time' --breaking\n");
    expect(await popserve(['promote', 'promoted', '--reason', 'x', '--breaking'])).toMatchObject({ status: 0 });
  });

  it('is told to programs as well', async () => {
    await serve('json');
    const { status, out } = await popserve(['activate', 'json', '2', '--json']);
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      code: 'CONFLICT',
      contract: {
        served: '1',
        next: '2',
        under: 'stable',
        breaks: [{ part: 'input', name: "'x'" }, { part: 'input' }],
      },
      command: 'npx popserve activate json 2 --json --breaking --reason WHY',
    });
  });

  it('that breaks nobody after all is no breaking change', async () => {
    await pop.release(adder('same', '1', 1));
    await pop.release(adder('same', '2', 2), false);
    const { out } = await popserve(['activate', 'same', '2', '--breaking', '--reason', 'habit']);
    expect(out).toContain('--breaking was not needed');
    expect((await popserve(['history', 'same'])).out).not.toContain('BREAKING');
  });
});

describe('popserve publish', () => {
  it('says what serving the version would break', async () => {
    await pop.release(adder('quiet', '1', 1));
    const { status, out } = await popserve(
      ['publish', file, '--name', 'quiet', '--version', '2'],
      renamed('quiet', '2'),
    );
    expect([status, out]).toEqual([0, expect.stringContaining('serving it would break callers of 1:\nCONTRACT')]);
    expect(pasted(out)).toEqual(['activate', 'quiet', '2', '--breaking', '--reason', 'WHY']);
    expect(await popserve(pasted(out))).toMatchObject({ status: 0 });
  });

  it('--activate refuses it before anything is uploaded, and releases it as the message says', async () => {
    await pop.release(adder('loud', '1', 1));
    const words = ['publish', file, '--name', 'loud', '--version', '2', '--activate'];
    const refused = await popserve(words, renamed('loud', '2'));
    expect(refused).toMatchObject({ status: 1, out: expect.stringContaining('2 as stable would break callers of 1') });
    expect((await popserve(['show', 'loud', '2'])).err).toContain('is not found');
    const done = await popserve(pasted(refused.out), renamed('loud', '2'));
    expect(done).toMatchObject({ status: 0, out: expect.stringContaining('loud: serving 2 (epoch 2)') });
    expect((await popserve(['history', 'loud'])).out).toContain('WHY');
  });

  it.each([
    [['--breaking'], '--breaking goes with --activate'],
    [['--breaking', '--activate'], '--breaking needs --reason'],
  ])('%j is wrong usage', async (words, fault) => {
    const { status, err } = await popserve(['publish', file, '--name', 'usage', ...words]);
    expect([status, err]).toEqual([2, expect.stringContaining(fault)]);
  });
});

describe('popserve rollback', () => {
  it('says where it goes before it goes', async () => {
    await pop.release(adder('back', '1', 1));
    await pop.release(adder('back', '2', 2));
    await pop.release(adder('back', '3', 3));
    const { status, err, out } = await popserve(['rollback', 'back']);
    expect([status, err, out]).toEqual([
      0,
      'back: going back from 3 (epoch 3) to 2, last served at epoch 2\n',
      'back: serving 2 (epoch 4)\n',
    ]);
    expect((await popserve(['rollback', 'back', '1'])).err).toContain(
      'from 2 (epoch 4) to 1, last served at epoch 1\n',
    );
    expect((await popserve(['rollback', 'back'])).err).toContain("no version was stable before '1'");
  });

  it('says so before it is refused, and what to paste', async () => {
    await serve('hurry');
    await popserve(['activate', 'hurry', '2', '--breaking', '--reason', 'told them']);
    const refused = await popserve(['rollback', 'hurry']);
    expect(refused.err).toBe('hurry: going back from 2 (epoch 2) to 1, last served at epoch 1\n');
    expect(refused).toMatchObject({ status: 1, out: expect.stringContaining('1 as stable would break callers of 2') });
    expect(pasted(refused.out)).toEqual(['rollback', 'hurry', '--breaking', '--reason', 'back from 2']);
    expect((await popserve(pasted(refused.out))).out).toContain('hurry: serving 1 (epoch 3)\n');
  });

  it('says that its target was released past its gate, there and in the history', async () => {
    const { manifest, blobs } = adder('forced', '1', 1);
    const evaluation = {
      data: { file: 'test.csv', digest: manifest.source.digest, rows: 10 },
      ...{ task: 'regression', label: 'y', outputs: { value: 'y' }, metrics: { rmse: 2 }, native: null },
      gate: { requirements: ['rmse<=1'], forced: { reason: 'nothing better yet', failures: ['rmse 2 > 1'] } },
    } as const;
    await pop.release({ manifest: { ...manifest, evaluation } as unknown as typeof manifest, blobs });
    await pop.release(adder('forced', '2', 2));
    const { err } = await popserve(['rollback', 'forced', '--reason', '2 fails']);
    expect(err).toContain('1 was released past its gate: rmse 2 > 1 (nothing better yet)\n');
    expect((await popserve(['history', 'forced'])).out).toContain('forced (rmse 2 > 1): 2 fails');
  });
});
