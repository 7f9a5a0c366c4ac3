import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { sha256Digest } from '../../../../registry/digests.ts';
import type { Manifest } from '../../../../registry/manifest.ts';
import type { Progress } from '../../../../scripts/publish/options.ts';
import type { PublishOptions } from '../../../../scripts/validation/publication.ts';
import { type Ran, runCommand } from '../captured-host.ts';
import { samplePublication } from '../sample-publication.ts';
import { ScriptedPop, token } from '../scripted-pop.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-publish-'));
const file = join(folder, 'model.onnx');
const source = new TextEncoder().encode('the bytes of a model');
const otherFile = join(folder, 'other.onnx');
const otherSource = new TextEncoder().encode('the bytes of another model');
writeFileSync(file, source);
writeFileSync(otherFile, otherSource);
afterAll(() => rmSync(folder, { recursive: true }));

const pop = ScriptedPop.perCase();
let prepared: PublishOptions[];

beforeEach(async () => {
  prepared = [];
});

function publish(...args: string[]): Promise<Ran> {
  return runCommand(['publish', ...args, '--name', 'm'], pop.url, {
    prepare: (options) => {
      prepared.push(options);
      return samplePublication(options, options.file === otherFile ? otherSource : source, prepared.length);
    },
  });
}

/** The calls that change something, blobs without their digests. */
function changes(): string[] {
  return pop.calls.filter((call) => /^(PUT|POST)/.test(call)).map((call) => call.replace(/sha256:.*/, '*'));
}

describe('popserve publish', () => {
  it('uploads blobs, then registers the manifest, then activates', async () => {
    const { status, out } = await publish(file, '--activate', '--reason', 'first release');
    expect(status).toBe(0);
    expect(changes()).toEqual([
      'PUT /registry/blobs/*',
      'PUT /registry/blobs/*',
      'PUT /registry/models/m/versions/1',
      'POST /registry/models/m/routes',
    ]);
    expect(pop.routes.at(-1)).toMatchObject({ aliases: { stable: '1' }, audit: { reason: 'first release' } });
    expect(out).toContain('m 1 published\n');
    expect(out).toContain('note: checked on 2 sample inputs\n');
    expect(out).toContain('m: serving 1 (epoch 1)\n');
    expect(out).toContain(`curl -s ${pop.url}/v2/models/m/infer`);
  });

  it('leaves the route alone without --activate and says how to go on', async () => {
    const { out } = await publish(file);
    expect(pop.routes).toEqual([]);
    expect(out).toContain('to serve it: npx popserve activate m 1\n');
  });

  it('passes over the names of versions that were retired', async () => {
    pop.intercept = ({ call }) =>
      call === 'GET /registry/models/m'
        ? { status: 200, body: { name: 'm', route: null, versions: [], retired: ['v8', 'v9'] } }
        : undefined;
    expect((await publish(file)).out).toContain('m v10 published\n');
  });

  it('names the actor in every change', async () => {
    await publish(file, '--activate');
    const actors = pop.asked
      .filter(({ call }) => /^(PUT|POST)/.test(call))
      .map(({ headers }) => headers['popserve-actor']);
    expect(new Set(actors)).toEqual(new Set(['somebody']));
  });

  it('uploads only what the registry lacks', async () => {
    const { blobs } = await samplePublication({ model: 'm', version: '1' }, source);
    pop.blobs.add(blobs[0]?.digest ?? '');
    await publish(file);
    expect(changes()).toEqual(['PUT /registry/blobs/*', 'PUT /registry/models/m/versions/1']);
  });

  it.each([
    ['PUT /registry/blobs', 1],
    ['PUT /registry/blobs', 2],
    ['PUT /registry/models/m/versions', 1],
    ['POST /registry/models/m/routes', 1],
  ])('completes a release that failed at %s number %i when it is repeated', async (call, occurrence) => {
    let seen = 0;
    pop.intercept = (asked) => {
      if (!asked.call.startsWith(call) || ++seen !== occurrence) return undefined;
      return { status: 500, body: { error: 'storage failed' } };
    };
    const first = await publish(file, '--activate');
    expect(first).toMatchObject({ status: 1, err: 'popserve: storage failed\n' });
    expect(pop.routes).toEqual([]);

    pop.intercept = () => undefined;
    const second = await publish(file, '--activate');
    expect(second.status).toBe(0);
    expect([...pop.manifests.keys()]).toEqual(['1']);
    expect(pop.routes.map(({ aliases }) => aliases.stable)).toEqual(['1']);
  });

  it('takes the same file twice in a row for one release, although its measurements differ', async () => {
    await publish(file);
    const { status, out } = await publish(file);
    expect(status).toBe(0);
    expect(out).toContain('m 1 was already published\n');
    expect([...pop.manifests.keys()]).toEqual(['1']);
  });

  it('uploads nothing for a release that is there, although its golden vectors differ in the last bits', async () => {
    const golden = (text: string) => ({
      prepare: (options: PublishOptions) => samplePublication(options, source, 1, text),
    });
    await runCommand(['publish', file, '--name', 'm'], pop.url, golden('{"cases":[1]}'));
    pop.asked.length = 0;
    const { status } = await runCommand(['publish', file, '--name', 'm'], pop.url, golden('{"cases":[2]}'));
    expect(status).toBe(0);
    expect(changes()).toEqual(['PUT /registry/models/m/versions/1']);
  });

  it('accepts the same version with the same content again', async () => {
    await publish(file, '--version', '2026-11-23.1');
    const { status, out } = await publish(file, '--version', '2026-11-23.1', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ version: '2026-11-23.1', created: false, uploadedBlobs: 0 });
  });

  it('counts on for another file', async () => {
    await publish(file);
    await publish(otherFile);
    expect([...pop.manifests.keys()]).toEqual(['1', '2']);
  });

  it('refuses the same version with another file before it checks the file', async () => {
    await publish(file, '--version', 'v7');
    const { status, err } = await publish(otherFile, '--version', 'v7');
    expect(status).toBe(1);
    expect(err).toMatch(
      /^popserve: version 'v7' of model 'm' is published with other content \(of model\.onnx, sha256:.*\); versions never change, so choose another with --version\n$/,
    );
    expect(prepared).toHaveLength(1);
  });

  it('refuses the same version of the same file with other metadata and names the difference', async () => {
    await publish(file, '--version', 'v7', '--description', 'one');
    const { status, err } = await publish(file, '--version', 'v7', '--description', 'another');
    expect(status).toBe(1);
    expect(err).toContain('(it differs in metadata.description)');
  });

  describe('with LiteRT', () => {
    const converted = new TextEncoder().encode('a converted model');

    /** As the pipeline prepares it where LiteRT was tried: with a converted model, or with the reason against it. */
    function publishTried(outcome: 'taken' | 'refused', ...args: string[]): Promise<Ran> {
      return runCommand(['publish', file, '--name', 'm', ...args], pop.url, {
        prepare: async (options) => {
          const { manifest, blobs, notes } = await samplePublication(options, source);
          if (outcome === 'refused') {
            const runtime = { ...manifest.runtime, litertRefused: 'operator Det is not covered' };
            return { manifest: { ...manifest, runtime }, blobs, notes };
          }
          const digest = await sha256Digest(converted);
          const runtime: Manifest['runtime'] = {
            ...manifest.runtime,
            litert: {
              ...{ version: '2.5.3', inputs: [{ name: 'x', shape: [1, 2] }], timesFaster: 1.77 },
              ...{ profile: { heapBytes: 1, createMs: 1, runMs: 1 }, chosen: 'measured' },
            },
          };
          const artifacts = { ...manifest.artifacts, tflite: { digest, bytes: converted.length } };
          return {
            manifest: { ...manifest, artifacts, runtime },
            blobs: [...blobs, { digest, bytes: converted }],
            notes,
          };
        },
      });
    }

    it('uploads the converted model and says what runs the version', async () => {
      const { status, out } = await publishTried('taken');
      expect(status).toBe(0);
      expect(changes().filter((call) => call === 'PUT /registry/blobs/*')).toHaveLength(3);
      expect(out).toContain('engine: LiteRT for x [1,2], 1.77 times as fast as onnxruntime');
    });

    it('says why it was not taken, in a dry run too', async () => {
      for (const args of [[], ['--dry-run']]) {
        const { out } = await publishTried('refused', ...args);
        expect(out).toContain('engine: onnxruntime; not LiteRT: operator Det is not covered\n');
      }
    });

    it('keeps a version that was published without it, and says how the model comes to it', async () => {
      await publish(file);
      const { out } = await publishTried('taken');
      expect(out).toContain('m 1 was already published\n');
      expect(out.replaceAll(/\s+/g, ' ')).toContain(
        'onnxruntime alone runs 1, as it was published; LiteRT would be 1.77 times as fast: publish it as another version, with --engine litert',
      );
    });

    it('publishes another version where it is asked for', async () => {
      await publish(file);
      expect((await publishTried('taken', '--engine', 'litert')).out).toContain('m 2 published\n');
    });
  });

  it('hands every option to the pipeline', async () => {
    await publish(
      ...[file, '--version', 'v3', '--inputs', 'inputs.json', '--tolerance-abs', '0.1', '--tolerance-rel', '0'],
      ...['--description', 'a=b', '--metadata', 'team=edge', '--metadata', 'formula=a=b', '--format', 'onnx'],
      ...['--engine', 'litert'],
      ...['--memory-budget', '64', '--timeout', '5', '--memory-limit', '1024'],
      ...['--labels', 'classes.txt', '--labels', 'y=other.txt', '--features', 'torque, wear'],
      ...['--max-dim', '64', '--max-dim', 'a=b=8', '--max-dim', 'x:1=2', '--probe-limit', '0', '--allow-random'],
    );
    expect(prepared).toEqual([
      {
        file,
        model: 'm',
        version: 'v3',
        inputsFile: 'inputs.json',
        tolerance: { absolute: 0.1, relative: 0 },
        metadata: { description: 'a=b', team: 'edge', formula: 'a=b' },
        format: 'onnx',
        engine: 'litert',
        memoryBudgetMib: 64,
        timeoutSeconds: 5,
        memoryLimitMib: 1024,
        features: [['torque', 'wear']],
        labels: [
          { output: null, file: 'classes.txt' },
          { output: 'y', file: 'other.txt' },
        ],
        maxDims: [
          { name: null, size: 64 },
          { name: 'a=b', size: 8 },
          { name: 'x:1', size: 2 },
        ],
        probeLimitMs: 0,
        allowRandom: true,
      },
    ]);
  });

  it.each([
    ['--max-dim', 'batch=0'],
    ['--max-dim', 'batch'],
    ['--max-dim', '=4'],
    ['--probe-limit', '-1'],
    ['--engine', 'tensorflow'],
    ['--labels', 'y='],
  ])('takes %s %s for wrong usage', async (...words) => {
    expect(await publish(file, ...words)).toMatchObject({ status: 2 });
    expect(prepared).toEqual([]);
  });

  it('fails on a file that is not there before it asks the PoP', async () => {
    const { status, err } = await publish(join(folder, 'nothing.onnx'));
    expect(status).toBe(1);
    expect(err).toMatch(/^popserve: cannot read .*nothing\.onnx: there is no such file\n$/);
    expect(pop.calls).toEqual([]);
  });

  it('refuses --reason without --activate', async () => {
    expect(await publish(file, '--reason', 'because')).toMatchObject({ status: 2 });
  });

  it('lets no text of a model steer the terminal, in notes or in steps', async () => {
    const note = 'input \u001b]0;x\u0007 \u009b2J \u202ereversed \u200bhidden';
    const host = {
      terminalColumns: 200,
      prepare: async (options: Parameters<typeof samplePublication>[0], progress: Progress) => {
        progress.note(note);
        progress.step(note);
        const publication = await samplePublication(options, source);
        return { ...publication, notes: [note] };
      },
    };
    const { out, err } = await runCommand(['publish', file, '--name', 'm'], pop.url, host);
    const shown = 'input \ufffd]0;x\ufffd \ufffd2J \ufffdreversed \ufffdhidden';
    expect(out).toContain(shown);
    expect(err).toContain(`\r\x1b[2K${shown}\n`);
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(err.replaceAll('\r\x1b[2K', '').replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('shows the steps on a terminal only, and clears the line for the result', async () => {
    const onTerminal = await runCommand(['publish', file, '--name', 'm'], pop.url, {
      terminalColumns: 40,
      prepare: (options, progress) => {
        progress.step('measuring a model with a name that is longer than the terminal is wide');
        return samplePublication(options, source);
      },
    });
    const drawn = onTerminal.err.split('\r\x1b[2K');
    expect(drawn).toContain('reading model.onnx …');
    expect(drawn).toContain('measuring a model with a name that is …');
    expect(drawn.at(-1)).toBe('');
    expect((await publish(otherFile)).err).toBe('');
  });
});

describe('popserve publish --dry-run', () => {
  const dry = (env: Readonly<Record<string, string>>, ...args: string[]) =>
    runCommand(['publish', file, '--name', 'm', '--dry-run', ...args], pop.url, {
      env: { POPSERVE_DATA: folder, ...env },
      prepare: (options) => samplePublication(options, source),
    });

  it('asks and writes nothing without a token, and says what it supposes', async () => {
    const { status, out } = await dry({ POPSERVE_URL: pop.url });
    expect(status).toBe(0);
    expect(pop.calls).toEqual([]);
    expect(out).toContain('m 1 would be published; nothing was uploaded\n');
    expect(out).toContain(`note: ${pop.url} was not asked what it has of m, so the number of the version supposes`);
    expect(out).toContain("no operator's token; set POPSERVE_TOKEN");
  });

  it('keeps its notes within the terminal', async () => {
    const { out } = await dry({ POPSERVE_URL: pop.url });
    const narrow = await runCommand(['publish', file, '--name', 'm', '--dry-run'], pop.url, {
      env: { POPSERVE_DATA: folder, POPSERVE_URL: pop.url },
      screenColumns: 60,
      prepare: (options) => samplePublication(options, source),
    });
    expect(narrow.out.split('\n').filter((line) => line.length > 60)).toEqual([]);
    expect(narrow.out.replace(/\s+/g, ' ')).toBe(out.replace(/\s+/g, ' '));
  });

  it('does without a PoP that is not there', async () => {
    await pop.stop();
    const { status, out } = await dry({ POPSERVE_URL: pop.url, POPSERVE_TOKEN: token });
    expect(status).toBe(0);
    expect(out).toContain('m 1 would be published');
    expect(out).toContain('nothing answers at');
  });

  it('tells what is needed where the registry refuses', async () => {
    const { status, err } = await dry({ POPSERVE_URL: pop.url, POPSERVE_TOKEN: 'another' });
    expect(status).toBe(1);
    expect(err).toContain(`${pop.url} refused the token from POPSERVE_TOKEN; set POPSERVE_TOKEN to`);
  });

  it('reads what is there, and calls nothing that writes', async () => {
    await publish(file);
    pop.asked.length = 0;
    const { out } = await dry({ POPSERVE_URL: pop.url, POPSERVE_TOKEN: token }, '--version', '2');
    expect(out).not.toContain('was not asked');
    expect(changes()).toEqual([]);
  });

  it('cannot compare with a version that it does not know', async () => {
    const test = join(folder, 'test.csv');
    writeFileSync(test, 'x,label\n1,1\n');
    const { status, err } = await dry(
      { POPSERVE_URL: pop.url },
      ...['--test-data', test, '--label', 'label', '--max-regression', 'accuracy=0.01'],
    );
    expect(status).toBe(1);
    expect(err).toContain("no operator's token");
  });
});
