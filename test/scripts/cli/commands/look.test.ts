import { describe, expect, it } from 'vitest';
import { takeBaseline } from '../../../../registry/baseline.ts';
import type { Manifest } from '../../../../registry/manifest.ts';
import { judgeCache } from '../../../../scripts/cli/commands/doctor.ts';
import { commandFor, runCommand } from '../captured-host.ts';
import { samplePublication } from '../sample-publication.ts';
import { ScriptedPop } from '../scripted-pop.ts';

const pop = ScriptedPop.perCase();
const popserve = commandFor(pop);

async function release(version: string): Promise<void> {
  const source = new TextEncoder().encode(version);
  const { manifest } = await samplePublication({ model: 'm', version, metadata: { team: 'edge' } }, source);
  pop.manifests.set(version, manifest);
  await popserve('activate', 'm', version, '--reason', `release of ${version}`);
}

describe('popserve list', () => {
  it('reads every page and aligns the columns', async () => {
    await release('v1');
    const [route] = pop.routes;
    pop.asked.length = 0;
    pop.intercept = ({ call }) =>
      call.includes('after')
        ? { status: 200, body: { models: [{ name: 'zebra', versions: 1, route: null }], next: null } }
        : { status: 200, body: { models: [{ name: 'm', versions: 12, route }], next: 'm' } };
    const { out } = await popserve('list');
    expect(pop.calls).toEqual(['GET /registry/models', 'GET /registry/models?after=m']);
    expect(out).toBe(
      ['MODEL  SERVING  VERSIONS  EPOCH', 'm      v1       12        1', 'zebra  (none)   1', ''].join('\n'),
    );
    expect(JSON.parse((await popserve('list', '--json')).out).models).toHaveLength(2);
  });

  it('says how to begin when there is nothing', async () => {
    pop.intercept = () => ({ status: 200, body: { models: [], next: null } });
    expect((await popserve('list')).out).toContain("release one with 'npx popserve publish'");
    expect(JSON.parse((await popserve('list', '--json')).out)).toEqual({ models: [] });
  });
});

describe('a canary that its guard has ended', () => {
  it('is told by list and show', async () => {
    await release('v1');
    await release('v2');
    await popserve('canary', 'm', 'v1', '--percent', '5');
    const canary = pop.routes.at(-1);
    const ended = {
      ...canary,
      ...{ epoch: 4, rollout: null, aliases: { stable: 'v2' } },
      audit: { actor: 'guard', at: '2026-11-24T11:00:00Z', action: 'abort', reason: '9 of 120 failed, limit 0.01' },
    };
    pop.intercept = ({ call }) => {
      if (call === 'GET /registry/models') {
        return { status: 200, body: { models: [{ name: 'm', versions: 2, route: ended }], next: null } };
      }
      if (call.includes('/routes')) return { status: 200, body: { routes: [ended, canary], next: null } };
      return { status: 200, body: { name: 'm', versions: [], route: ended, retired: [] } };
    };
    const { out } = await popserve('list');
    expect(out).toMatch(/^m +v2 +ended by its guard +2 +4$/m);
    expect(out).toContain('m: the canary was ended by its guard at 2026-11-24 11:00:00 UTC (epoch 4): 9 of 120 failed');
    expect((await popserve('show', 'm')).out).toContain(
      'the canary of v1 was ended by its guard at 2026-11-24 11:00:00',
    );
  });
});

describe('popserve show', () => {
  it('lists the versions of a model', async () => {
    await release('v1');
    await release('v2');
    const { out } = await popserve('show', 'm');
    expect(out).toMatch(
      /^m: serving v2 \(epoch 2\)\nVERSION +PUBLISHED \(UTC\) +MANIFEST\nv1 +2026-11-24 00:00:00 +sha256:0{12}\nv2 /,
    );
    expect(JSON.parse((await popserve('show', 'm', '--json')).out)).toMatchObject({ name: 'm', route: { epoch: 2 } });
  });

  it('tells all about a version', async () => {
    await release('v1');
    const { out } = await popserve('show', 'm', 'v1');
    expect(out).toMatch(/^input +x FP32 \[-1,2\]$/m);
    expect(out).toMatch(/^output +y FP32 \[-1,1\]$/m);
    expect(out).toMatch(/^profile lean +8\.6 MiB of heap, load 3 ms, run 1 ms$/m);
    expect(out).toMatch(/^team +edge$/m);
    expect(JSON.parse((await popserve('show', 'm', 'v1', '--json')).out)).toEqual(pop.manifests.get('v1'));
  });

  it.each([
    ['any number in a request', undefined],
    ['up to 1000 in a request', [{ name: 'x', shape: [1000, 2], elements: 8192 }]],
    ['up to 64 in a request', [{ name: 'x', shape: [1000, 2], elements: 128 }]],
    ['one in a request', [{ name: 'x', shape: [1, 2], elements: 8192 }]],
  ])('says that a request takes records: %s', async (words, limits) => {
    const { manifest } = await samplePublication({ model: 'm', version: '7' }, new TextEncoder().encode('7'));
    pop.manifests.set('7', { ...manifest, ...(limits === undefined ? {} : { limits }) });
    expect((await popserve('show', 'm', '7')).out).toMatch(new RegExp(`^records +${words}$`, 'm'));
  });

  it('tells what runs a version, and why', async () => {
    const { manifest } = await samplePublication({ model: 'm', version: '7' }, new TextEncoder().encode('7'));
    const shown = async (artifacts: Partial<Manifest['artifacts']>, runtime: Partial<Manifest['runtime']>) => {
      pop.manifests.set('7', {
        ...manifest,
        artifacts: { ...manifest.artifacts, ...artifacts },
        runtime: { ...manifest.runtime, ...runtime },
      });
      return (await popserve('show', 'm', '7')).out;
    };
    const profile = { heapBytes: 3_145_728, createMs: 4, runMs: 0.5 };
    const inputs = [{ name: 'x', shape: [1, 2] }];
    const litert = { version: '2.5.3', inputs, profile, timesFaster: 1.77, chosen: 'measured' as const };
    const tflite = { digest: manifest.source.digest, bytes: 1_048_576 };
    const taken = await shown({ tflite }, { litert });
    expect(taken).toMatch(
      /^engine +LiteRT for x \[1,2\], 1\.77 times as fast as onnxruntime; onnxruntime for other shapes$/m,
    );
    expect(taken).toMatch(/^profile LiteRT +3\.0 MiB of heap, load 4 ms, run 0\.5 ms$/m);
    expect(taken).toMatch(/^in LiteRT from +tflite of 1\.0 MiB, sha256:/m);
    const byHand = await shown({ tflite }, { litert: { ...litert, timesFaster: 0.9, chosen: 'by-hand' } });
    expect(byHand).toContain('0.9 times as fast as onnxruntime, chosen by hand; onnxruntime for other shapes');
    const refused = await shown({}, { litertRefused: 'operator Det is not covered' });
    expect(refused).toMatch(/^engine +onnxruntime; not LiteRT: operator Det is not covered$/m);
    expect(await shown({}, {})).not.toContain('LiteRT');
  });

  it('draws what runs on larger inputs took', async () => {
    await release('v1');
    const { manifest } = await samplePublication({ model: 'm', version: 'v2' }, new TextEncoder().encode('v2'));
    const mib = 1_048_576;
    const points = [
      { shape: [1, 2], ms: 0.5, heapBytes: 16 * mib },
      { shape: [4096, 2], ms: 1000, heapBytes: 104 * mib },
    ];
    const costs = { clock: 'processor' as const, limitMs: 2000, limitBytes: 104 * mib };
    pop.manifests.set('v2', { ...manifest, costs: { ...costs, series: [{ moved: ['batch'], points }] } });
    const { out } = await popserve('show', 'm', 'v2');
    expect(out).toContain("larger 'batch': time on the processor against 2000 ms, heap against 104.0 MiB\n");
    const bars = (text: string) => text.replaceAll(/ +/g, ' ');
    expect(bars(out)).toContain('\n[1,2] 2 0.5 ms ▏ 16.0 MiB ███\n');
    expect(bars(out)).toContain(`\n[4096,2] 8192 1000 ms ${'█'.repeat(10)} 104.0 MiB ${'█'.repeat(20)}\n`);
    expect((await popserve('show', 'm', 'v1')).out).not.toContain('larger');
  });

  it('tells how a version was judged, and whether drift is watched', async () => {
    await release('v1');
    const unjudged = (await popserve('show', 'm', 'v1')).out;
    expect(unjudged).toMatch(/^baseline +none: drift is not watched$/m);
    expect(unjudged).toMatch(/^evaluation +none$/m);
    const { manifest } = await samplePublication({ model: 'm', version: 'v2' }, new TextEncoder().encode('v2'));
    const reference = { file: 'rows.csv', digest: manifest.source.digest, rows: 200 };
    const x = { shape: [2, 2], elements: [1, 2, 3, 4] };
    pop.manifests.set('v2', {
      ...manifest,
      baseline: takeBaseline(manifest.signature, { tensors: new Map([['x', [x]]]) }, reference),
      evaluation: {
        ...{ data: reference, task: 'regression', label: 'truth', outputs: { value: 'y' }, native: null },
        ...{ metrics: { rmse: 0.25 }, gate: { requirements: ['rmse<=0.3'] } },
      },
    });
    const { out } = await popserve('show', 'm', 'v2');
    expect(out).toMatch(/^baseline +2 features over 200 rows of rows.csv$/m);
    expect(out).toMatch(/^regression on rows.csv, 200 rows/m);
    expect(out).toMatch(/^as required: rmse<=0.3$/m);
    expect(out).toMatch(/^rmse +0.25$/m);
    expect(out).not.toContain('released nevertheless');

    const forced = { reason: 'a customer waits', failures: ['rmse is 0.25, required <=0.2'] };
    pop.manifests.set('v3', {
      ...manifest,
      version: 'v3',
      evaluation: {
        ...{ data: reference, task: 'regression', label: 'truth', outputs: { value: 'y' }, native: null },
        ...{ metrics: { rmse: 0.25 }, gate: { requirements: ['rmse<=0.2'], forced } },
      },
    });
    const passedOver = (await popserve('show', 'm', 'v3')).out;
    expect(passedOver).toMatch(/^passed over: rmse is 0.25, required <=0.2$/m);
    expect(passedOver).toMatch(/^released nevertheless: a customer waits$/m);
  });

  it('fails for a model that is not there', async () => {
    const { status, err } = await popserve('show', 'm');
    expect([status, err]).toEqual([1, "popserve: Request for unknown model: 'm' is not found\n"]);
  });
});

describe('popserve history', () => {
  it('tells who changed what and why, newest first', async () => {
    await release('v1');
    await release('v2');
    const { out } = await popserve('history', 'm');
    const [header, newest, why, first] = out.split('\n');
    expect(header).toMatch(/^EPOCH +WHEN \(UTC\) +WHO +ACTION +SERVING$/);
    expect(newest).toMatch(/^2 .* somebody +activate +v2$/);
    expect(why).toBe('       release of v2');
    expect(first).toMatch(/^1 .* activate +v1$/);
  });

  it('names the alias that was moved or taken away', async () => {
    await release('v1');
    await popserve('alias', 'm', 'night-shift', 'v1');
    await popserve('unalias', 'm', 'night-shift');
    const { out } = await popserve('history', 'm');
    expect(out).toMatch(/^3 .* unalias night-shift +v1$/m);
    expect(out).toMatch(/^2 .* alias night-shift=v1 +v1$/m);
    const { out: oldest } = await popserve('history', 'm', '--limit', '2');
    expect(oldest).toMatch(/^2 .* alias night-shift=v1 +v1$/m);
  });

  it('keeps to 80 columns whatever the reason and the name are', async () => {
    await release('v1');
    await popserve('activate', 'm', 'v1', '--reason', 'x');
    const [route] = pop.routes;
    const audit = { ...route?.audit, actor: 'a'.repeat(128), reason: 'because of the heat '.repeat(40).trim() };
    pop.intercept = () => ({ status: 200, body: { routes: [{ ...route, audit }], next: null } });
    const { out } = await popserve('history', 'm');
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(out.match(/because of/g)?.length).toBe(40);
  });

  it('fits a terminal of 80 columns where there are a canary and a shadow', async () => {
    await release('v1');
    const [route] = pop.routes;
    const [rollout, shadow] = [
      { version: 'v2', percent: 12.5, salt: 's' },
      { version: 'v3', percent: 100 },
    ];
    const audit = { ...route?.audit, actor: 'a name of more than twenty characters' };
    pop.intercept = () => ({ status: 200, body: { routes: [{ ...route, rollout, shadow, audit }], next: null } });
    const narrow = (await runCommand(['history', 'm'], pop.url, { screenColumns: 80 })).out;
    expect(narrow.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(narrow).toMatch(/ a name of\w*.*… +activate +v1 +v2 12\.5 % +v3 100 %$/m);
    const phone = (await runCommand(['history', 'm'], pop.url, { screenColumns: 45 })).out;
    expect(phone.split('\n').filter((line) => line.length > 45)).toEqual([]);
    expect(phone).toMatch(/^ {7}canary v2 12\.5 %$/m);
    expect(phone).toMatch(/^ {7}shadow v3 100 %$/m);
    // A program reads the same whatever the terminal is.
    expect((await popserve('history', 'm')).out).toContain('a name of more than…');
  });

  it('reads page after page up to the limit', async () => {
    await release('v1');
    const [route] = pop.routes;
    pop.asked.length = 0;
    pop.intercept = () => ({ status: 200, body: { routes: new Array(100).fill(route), next: 7 } });
    const { out } = await popserve('history', 'm', '--limit', '130', '--json');
    expect(JSON.parse(out).routes).toHaveLength(130);
    expect(pop.calls).toEqual([
      'GET /registry/models/m/routes?limit=100',
      'GET /registry/models/m/routes?limit=31&before=7',
    ]);
  });
});

describe('popserve gc and retire', () => {
  const report = { dryRun: true, blobs: [{ digest: `sha256:${'a'.repeat(64)}`, bytes: 3_000_000 }], bytes: 3_000_000 };

  it('reports what a collection would delete', async () => {
    pop.intercept = () => ({ status: 200, body: { ...report, youngBlobs: 2, namedBlobs: 5 } });
    const { out } = await popserve('gc', '--dry-run');
    expect(pop.asked[0]?.body.toString()).toBe('{"dryRun":true}');
    expect(out).toContain('sha256:aaaaaaaaaaaa  2.9 MiB\n');
    expect(out).toContain('would delete 1 blobs of 2.9 MiB; 5 in use, 2 unused but still young\n');
  });

  it('collects without --dry-run', async () => {
    pop.intercept = () => ({ status: 200, body: { ...report, dryRun: false, youngBlobs: 0, namedBlobs: 0 } });
    expect((await popserve('gc')).out).toContain('\ndeleted 1 blobs');
    expect(pop.asked[0]?.body.toString()).toBe('{"dryRun":false}');
  });

  it('retires a version', async () => {
    pop.intercept = () => ({ status: 200, body: {} });
    const { status, out } = await popserve('retire', 'm', 'v1', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(out)).toEqual({ model: 'm', version: 'v1', retired: true });
    expect(pop.calls).toEqual(['DELETE /registry/models/m/versions/v1']);
  });
});

describe('popserve doctor', () => {
  it('tells with --probe what the platform gives, and what popserve misses', async () => {
    const probes = [
      { name: 'cache.keeps', value: false, error: null },
      { name: 'memory.shared', value: true, error: null },
      { name: 'r2.createOnlyOfWhatIsThere', value: 'refused: (10058)', error: null },
      { name: 'wasm.compileBytes', value: null, error: 'CompileError' },
    ];
    pop.intercept = ({ call }) => (call === 'POST /registry/probe' ? { status: 200, body: { probes } } : undefined);
    const { status, out } = await popserve('doctor', '--probe');
    expect(status).toBe(0);
    expect(out).toMatch(/^cache\.keeps +false +expected true: every load of a model reads R2/m);
    expect(out).toMatch(/^memory\.shared +true *$/m);
    expect(out).toMatch(/^r2\.createOnlyOfWhatIsThere +refused: \(10058\) *$/m);
    expect(out).toMatch(/^wasm\.compileBytes +- +CompileError$/m);
    const other = await popserve('doctor', '--probe', pop.url, '--json');
    expect(JSON.parse(other.out)).toEqual({ url: `${pop.url}/`.replace(/\/+$/, '/'), probes });
  });

  it.each([
    ['https://popserve.someone.workers.dev/', /workers\.dev has NO Cache API.*a domain of your own/],
    ['https://models.example.com/', /not on workers\.dev/],
    ['http://127.0.0.1:8787/', /simulated/],
  ])('tells of the cache at %s', (url, told) => {
    expect(judgeCache(new URL(url))).toMatch(told);
  });

  it('finds everything in order', async () => {
    pop.intercept = ({ call }) => ({ status: 200, body: call.endsWith('/models') ? { models: [], next: null } : {} });
    const { status, out } = await popserve('doctor');
    expect(out.split('\n').filter((line) => !line.startsWith('ok '))).toEqual(['']);
    expect(status).toBe(0);
  });

  it('fits a narrow terminal, each finding below its own beginning', async () => {
    const env = { POPSERVE_URL: pop.url, POPSERVE_TOKEN: 'wrong' };
    pop.intercept = ({ call }) => (call.startsWith('GET /v2') ? { status: 200 } : undefined);
    const { out } = await runCommand(['doctor'], pop.url, { env, screenColumns: 40 });
    const words = out.split('\n').flatMap((line) => (line.length > 40 ? [line] : []));
    expect(words).toEqual([]);
    expect(out).toMatch(/^failed {2}token and registry:.*\n {8}\S/m);
  });

  it('names each fault and ends with status 1', async () => {
    const env = { POPSERVE_URL: pop.url, POPSERVE_TOKEN: 'wrong' };
    pop.intercept = ({ call }) => (call.startsWith('GET /v2') ? { status: 200 } : undefined);
    const { status, out } = await runCommand(['doctor'], pop.url, { env });
    expect(status).toBe(1);
    expect(out).toMatch(
      /^failed {2}token and registry: \S+ refused the token from POPSERVE_TOKEN; set POPSERVE_TOKEN to /m,
    );
    expect(out).toMatch(/^ok {6}PoP: answers at /m);
    const { checks, ok } = JSON.parse((await runCommand(['doctor', '--json'], pop.url, { env })).out);
    expect(ok).toBe(false);
    expect(checks).toContainEqual(expect.objectContaining({ name: 'token and registry', ok: false }));
  });

  it('asks a PoP that does not answer once', async () => {
    await pop.stop();
    const { status, out, waits } = await popserve('doctor');
    expect(status).toBe(1);
    expect(out).toMatch(/^failed {2}PoP: nothing answers at /m);
    expect(out).not.toContain('token and registry');
    expect(waits).toEqual([200, 400]);
  });
});
