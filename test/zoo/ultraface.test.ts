// A face detector from its file to boxes on a picture: published by flags, asked over HTTP, against native onnxruntime's own outputs
// and the steps of its repository in plain arithmetic.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DetectedObject } from '../../registry/api/task-answers.ts';
import { preparePublication } from '../../scripts/validation/prepare-publication.ts';
import { TestPop } from '../harness/pop.ts';
import { runCommand } from '../scripts/cli/captured-host.ts';
import { hasZoo, zooFile, zooPath } from './zoo.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-ultraface-'));
const model = zooPath('ultraface-rfb-320', 'model.onnx');
const preparation = [
  ...['--task', 'object-detection', '--image-resize', 'stretch'],
  ...['--image-scale', '0-255', '--image-mean', '127', '--image-std', '128'],
];
const form = [
  ...['--boxes', 'decoded', '--boxes-format', 'corners-share', '--boxes-background', 'first'],
  ...['--boxes-threshold', '0.7', '--boxes-iou', '0.3', '--labels', join(folder, 'labels.txt')],
];

let pop: TestPop;
beforeAll(async () => {
  writeFileSync(join(folder, 'labels.txt'), 'face\n');
  pop = await TestPop.start();
});
afterAll(async () => {
  await pop?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function command(...args: string[]) {
  const env = { POPSERVE_URL: pop.pop.url.href, POPSERVE_TOKEN: pop.pop.token, POPSERVE_ACTOR: 'somebody' };
  return runCommand(args, env.POPSERVE_URL, { env, prepare: preparePublication, wait: (ms) => delay(ms) });
}

/** Width and height of each picture. */
const sizes: Readonly<Record<string, readonly [number, number]>> = { '3': [1024, 768], '13': [450, 344] };

/** The tensors that native onnxruntime gives for the picture as Pillow prepares it. */
function native(id: string, name: string): Float32Array {
  const bytes = zooFile('ultraface-rfb-320', 'golden', `img${id}.out.${name}.bin`);
  return new Float32Array(new Uint8Array(bytes).buffer);
}

type Corners = readonly number[];

function iouOf(a: Corners, b: Corners): number {
  const side = (from: number) =>
    Math.max(0, Math.min(a[from + 2] ?? 0, b[from + 2] ?? 0) - Math.max(a[from] ?? 0, b[from] ?? 0));
  const area = ([left = 0, top = 0, right = 0, bottom = 0]: Corners) => (right - left) * (bottom - top);
  return (side(0) * side(1)) / (area(a) + area(b) - side(0) * side(1));
}

function oracle(id: string) {
  const [scores, boxes] = [native(id, 'scores'), native(id, 'boxes')];
  const [width, height] = sizes[id] ?? [0, 0];
  const all = Array.from({ length: 4420 }, (_, index) => ({
    score: scores[index * 2 + 1] ?? 0,
    corners: [0, 1, 2, 3].map((corner) => boxes[index * 4 + corner] ?? 0),
  }));
  const kept: typeof all = [];
  for (const one of all.filter(({ score }) => score >= 0.7).sort((a, b) => b.score - a.score)) {
    if (!kept.some((other) => iouOf(other.corners, one.corners) > 0.3)) kept.push(one);
  }
  const clip = (value: number, end: number) => Math.min(end, Math.max(0, value * end));
  return kept.map(({ score, corners: [a = 0, b = 0, c = 0, d = 0] }) => ({
    ...{ score, corners: [clip(a, width), clip(b, height), clip(c, width), clip(d, height)] },
  }));
}

describe.skipIf(!hasZoo)('ultraface', { timeout: 120_000 }, () => {
  test('a dry run shows each step with where it comes from', async () => {
    const { status, out, err } = await command(
      'publish',
      model,
      '--name',
      'faces',
      ...preparation,
      ...form,
      '--dry-run',
    );
    expect([status, err]).toEqual([0, '']);
    for (const row of [
      /resize to 240x320, bilinear +--image-resize/,
      /less 127, 127, 127, divided by 128, 128, 128 +--image-mean, --image-std/,
      /boxes of 'boxes' as corners in share, scores of 'scores' as they are, background first +--boxes; shapes \[1,4420,4\] and \[1,4420,2\]; --boxes-format/,
      /1 classes +--labels/,
      /boxes that score at least 0.7 +--boxes-threshold/,
      /of boxes that overlap by more than 0.3 the best +--boxes-iou/,
      /at most 300 boxes +default/,
    ]) {
      expect(out).toMatch(row);
    }
  });

  test('finds the faces that the original finds', async () => {
    const published = await command('publish', model, '--name', 'faces', ...preparation, ...form, '--activate');
    expect([published.status, published.err]).toEqual([0, '']);
    for (const id of ['3', '13']) {
      const picture = zooFile('ultraface-rfb-320', 'images', `${id}.jpg`);
      const answer = await pop.send('POST', '/v2/models/faces/infer', picture, { 'content-type': 'image/jpeg' });
      const got = answer.json<DetectedObject[]>();
      const wanted = oracle(id);
      expect([answer.status, got.length]).toEqual([200, wanted.length]);
      expect(got.length).toBeGreaterThan(0);
      for (const { label, score, box } of got) {
        expect(label).toBe('face');
        const corners = [box.xmin, box.ymin, box.xmax, box.ymax];
        const best = Math.max(...wanted.map((face) => iouOf(face.corners, corners)));
        const same = wanted.find((face) => iouOf(face.corners, corners) === best);
        expect(best).toBeGreaterThan(0.99);
        expect(Math.abs(score - (same?.score ?? 0))).toBeLessThan(1e-3);
      }
    }
  });

  test('infer prints them, draws them and writes the line for curl', async () => {
    const [file, drawn] = [zooPath('ultraface-rfb-320', 'images', '13.jpg'), join(folder, 'drawn.png')];
    const { status, out, err } = await command('infer', 'faces', '--image', file, '--draw', drawn);
    expect([status, err]).toEqual([0, '']);
    expect(out).toMatch(/LABEL +SCORE +XMIN +YMIN +XMAX +YMAX\nface +(0\.\d{4}|1\.0000)( +\d+\.\d){4}/);
    expect(out).toContain(`drawn into ${drawn}`);
    expect(out).toContain(`--data-binary @${file}`);
    expect(readFileSync(drawn).subarray(1, 4).toString()).toBe('PNG');
  });

  test('golden vectors are replayed', async () => {
    const { status, out } = await command('verify', 'faces', '1');
    expect([status, out]).toEqual([0, expect.stringContaining('4 of 4 golden vectors as published')]);
  });
});
