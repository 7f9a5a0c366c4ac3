// Detectors of each form through the real Worker. The expected boxes are computed here once more, in plain arithmetic and from the
// formulas of each detector's own repository.
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DetectedObject } from '../../../registry/api/task-answers.ts';
import type { BoxesStep, BoxForm } from '../../../registry/pipeline/boxes.ts';
import type { ImageStep } from '../../../registry/pipeline/image-input.ts';
import { Random } from '../../../scripts/random.ts';
import { type BoxOutput, boxModel, boxPipeline } from '../../harness/pictures/box-model.ts';
import { colourModel } from '../../harness/pictures/colour-model.ts';
import { png } from '../../harness/pictures/encoders.ts';
import { TestPop } from '../../harness/pop.ts';

const labels = ['cat', 'dog', 'bird'];
const [height, width] = [96, 128];
const [pictureWidth, pictureHeight] = [300, 100];
const picture = new Uint8Array(png(pictureWidth, pictureHeight, (x, y) => [x % 256, y, 7]));
const random = new Random(11);
const uniform = (from: number, to: number) => from + random.uniform() * (to - from);

/** Left, top, right, bottom in pixels of the input, with the score of each class. */
interface Truth {
  readonly corners: readonly number[];
  readonly scores: readonly number[];
}

const fill: ImageStep = { step: 'resize', fit: 'fill', height, width, filter: 'bilinear' };
const letterbox: ImageStep = { ...fill, fit: 'letterbox', value: 114 };
const corner: ImageStep = { ...letterbox, place: 'corner' };

/** From the input's pixels to the picture's, for each way to resize it. */
const backs = {
  fill: (x: number, y: number) => [(x * pictureWidth) / width, (y * pictureHeight) / height],
  // 300x100 into 128x96: 128x43, with 26 rows above it.
  letterbox: (x: number, y: number) => [(x * 300) / 128, ((y - 26) * 100) / 43],
  // 42 rows: YOLOX rounds down.
  corner: (x: number, y: number) => [(x * 300) / 128, (y * 100) / 42],
};

interface Case {
  readonly name: string;
  readonly form: BoxForm;
  readonly outputs: readonly BoxOutput[];
  readonly truth: readonly Truth[];
  /** One class of a box counts, the best. */
  readonly best: boolean;
  readonly iou: number | null;
  readonly resize: ImageStep;
  readonly back: (x: number, y: number) => number[];
}

/** Around a few places, so that boxes overlap. */
function drawBox(): number[] {
  const [x, y] = [uniform(0, 4) | 0, uniform(0, 3) | 0];
  return [x * 32 + uniform(8, 24), y * 32 + uniform(8, 24), uniform(10, 40), uniform(10, 40)];
}

const cornersOf = ([x = 0, y = 0, w = 0, h = 0]: readonly number[]) => [x - w / 2, y - h / 2, x + w / 2, y + h / 2];
/** As the graph holds them. */
const single = (values: readonly number[]) => values.map(Math.fround);
const many = (count: number) => Array.from({ length: count }, (_, index) => index);
const softmax = (values: readonly number[]) => {
  const sum = values.reduce((total, value) => total + Math.exp(value), 0);
  return values.map((value) => Math.exp(value) / sum);
};
const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
const drawScores = (count: number) => single(many(count).map(() => random.uniform() ** 3));
const drawLogits = (count: number) => single(many(count).map(() => uniform(-4, 3)));

function yolov5(): Case {
  const rows = many(200).map(() => ({
    box: single(drawBox()),
    sure: Math.fround(random.uniform()),
    own: drawScores(3),
  }));
  return {
    ...{ name: 'yolov5', best: true, iou: 0.45, resize: letterbox, back: backs.letterbox },
    form: { form: 'yolo', output: 'output0', objectness: true, candidates: 'rows' },
    outputs: [
      { name: 'output0', shape: [200, 8], values: rows.flatMap(({ box, sure, own }) => [...box, sure, ...own]) },
    ],
    truth: rows.map(({ box, sure, own }) => ({ corners: cornersOf(box), scores: own.map((score) => sure * score) })),
  };
}

function yolov8(): Case {
  const rows = many(200).map(() => ({ box: single(drawBox()), own: drawScores(3) }));
  const columns = many(7).flatMap((value) => rows.map(({ box, own }) => [...box, ...own][value] ?? 0));
  return {
    ...{ name: 'yolov8', best: true, iou: 0.7, resize: letterbox, back: backs.letterbox },
    form: { form: 'yolo', output: 'output0', objectness: false, candidates: 'columns' },
    outputs: [{ name: 'output0', shape: [7, 200], values: columns }],
    truth: rows.map(({ box, own }) => ({ corners: cornersOf(box), scores: own })),
  };
}

/** Strides 16 and 32 of an input of 96x128: 6x8 and 3x4 places. */
function yolox(): Case {
  const places = [
    ...many(48).map((place) => ({ column: place % 8, row: Math.floor(place / 8), stride: 16 })),
    ...many(12).map((place) => ({ column: place % 4, row: Math.floor(place / 4), stride: 32 })),
  ];
  const rows = places.map((place) => {
    const raw = single([uniform(-1, 2), uniform(-1, 2), uniform(-0.5, 1), uniform(-0.5, 1)]);
    return { place, raw, sure: Math.fround(random.uniform()), own: drawScores(3) };
  });
  return {
    ...{ name: 'yolox', best: true, iou: 0.45, resize: corner, back: backs.corner },
    form: { form: 'yolox', output: 'output', strides: [16, 32] },
    outputs: [{ name: 'output', shape: [60, 8], values: rows.flatMap(({ raw, sure, own }) => [...raw, sure, ...own]) }],
    truth: rows.map(({ place: { column, row, stride }, raw: [x = 0, y = 0, w = 0, h = 0], sure, own }) => ({
      corners: cornersOf([(x + column) * stride, (y + row) * stride, Math.exp(w) * stride, Math.exp(h) * stride]),
      scores: own.map((score) => sure * score),
    })),
  };
}

/** Steps of 32 and 64 pixels: 3x4 places of two boxes, 2x2 of one. */
function ssd(): Case {
  const priors = [
    ...many(12).flatMap((place) =>
      [
        [20, 30],
        [44, 24],
      ].map((size) => [((place % 4) + 0.5) * 32, (Math.floor(place / 4) + 0.5) * 32, ...size]),
    ),
    ...many(4).map((place) => [((place % 2) + 0.5) * 64, (Math.floor(place / 2) + 0.5) * 64, 60, 60]),
  ];
  const rows = priors.map((prior) => ({ prior, raw: single(many(4).map(() => uniform(-3, 3))), own: drawLogits(4) }));
  return {
    ...{ name: 'ssd', best: false, iou: 0.45, resize: fill, back: backs.fill },
    form: {
      ...{ form: 'ssd', boxes: 'boxes', scores: 'scores', activation: 'softmax', background: 'first' },
      variances: [0.1, 0.2],
      priors: {
        clip: false,
        levels: [
          {
            step: 32,
            boxes: [
              [20, 30],
              [44, 24],
            ],
          },
          { step: 64, boxes: [[60, 60]] },
        ],
      },
    },
    outputs: [
      { name: 'scores', shape: [28, 4], values: rows.flatMap(({ own }) => own) },
      { name: 'boxes', shape: [28, 4], values: rows.flatMap(({ raw }) => raw) },
    ],
    truth: rows.map(({ prior: [px = 0, py = 0, pw = 0, ph = 0], raw: [x = 0, y = 0, w = 0, h = 0], own }) => ({
      corners: cornersOf([px + x * 0.1 * pw, py + y * 0.1 * ph, pw * Math.exp(w * 0.2), ph * Math.exp(h * 0.2)]),
      scores: softmax(own).slice(1),
    })),
  };
}

function decoded(): Case {
  const rows = many(150).map(() => {
    const [left = 0, top = 0, right = 0, bottom = 0] = cornersOf(drawBox());
    return { share: single([left / width, top / height, right / width, bottom / height]), own: drawScores(4) };
  });
  return {
    ...{ name: 'decoded', best: false, iou: 0.3, resize: fill, back: backs.fill },
    form: {
      ...{ form: 'decoded', boxes: 'boxes', scores: 'scores', activation: 'none', background: 'last' },
      ...{ as: 'corners', units: 'share' },
    },
    outputs: [
      { name: 'boxes', shape: [150, 4], values: rows.flatMap(({ share }) => share) },
      { name: 'scores', shape: [150, 4], values: rows.flatMap(({ own }) => own) },
    ],
    truth: rows.map(({ share: [a = 0, b = 0, c = 0, d = 0], own }) => ({
      corners: [a * width, b * height, c * width, d * height],
      scores: own.slice(0, 3),
    })),
  };
}

function decodedPixels(): Case {
  const rows = many(90).map(() => ({ box: single(drawBox()), own: drawLogits(3) }));
  return {
    ...{ name: 'decoded-pixels', best: false, iou: 0.5, resize: corner, back: backs.corner },
    form: {
      ...{ form: 'decoded', boxes: 'boxes', scores: 'scores', activation: 'sigmoid', background: 'none' },
      ...{ as: 'centre', units: 'pixels' },
    },
    outputs: [
      { name: 'boxes', shape: [90, 4], values: rows.flatMap(({ box }) => box) },
      { name: 'scores', shape: [90, 3], values: rows.flatMap(({ own }) => own) },
    ],
    truth: rows.map(({ box, own }) => ({ corners: cornersOf(box), scores: own.map(sigmoid) })),
  };
}

function detr(activation: 'softmax' | 'sigmoid'): Case {
  const classes = activation === 'softmax' ? 4 : 3;
  const rows = many(100).map(() => {
    const [x = 0, y = 0, w = 0, h = 0] = drawBox();
    return { share: single([x / width, y / height, w / width, h / height]), own: drawLogits(classes) };
  });
  return {
    ...{ name: `detr-${activation}`, best: activation === 'softmax', iou: null, resize: fill, back: backs.fill },
    form: { form: 'detr', boxes: 'pred_boxes', scores: 'logits', activation },
    outputs: [
      { name: 'logits', shape: [100, classes], values: rows.flatMap(({ own }) => own) },
      { name: 'pred_boxes', shape: [100, 4], values: rows.flatMap(({ share }) => share) },
    ],
    truth: rows.map(({ share: [x = 0, y = 0, w = 0, h = 0], own }) => ({
      corners: cornersOf([x * width, y * height, w * width, h * height]),
      scores: activation === 'softmax' ? softmax(own).slice(0, 3) : own.map(sigmoid),
    })),
  };
}

const threshold = 0.3;
const most = 40;
const cases = [yolov5(), yolov8(), yolox(), ssd(), decoded(), decodedPixels(), detr('softmax'), detr('sigmoid')];
const stepOf = ({ form, iou }: Case): BoxesStep => ({ step: 'boxes', decode: form, labels, threshold, iou, most });

function iouOf(a: readonly number[], b: readonly number[]): number {
  const side = (from: number, to: number) =>
    Math.max(0, Math.min(a[to] ?? 0, b[to] ?? 0) - Math.max(a[from] ?? 0, b[from] ?? 0));
  const area = ([left = 0, top = 0, right = 0, bottom = 0]: readonly number[]) => (right - left) * (bottom - top);
  const shared = side(0, 2) * side(1, 3);
  return shared / (area(a) + area(b) - shared);
}

/** All pairs of box and class, the best first; each that no better one of its class overlaps; in pixels of the picture. */
function oracle({ truth, best, iou, back }: Case, least = threshold): DetectedObject[] {
  const all = truth.flatMap(({ corners, scores }) => {
    const each = scores.map((score, label) => ({ corners, score, label }));
    return best ? [...each].sort((a, b) => b.score - a.score).slice(0, 1) : each;
  });
  const kept: typeof all = [];
  for (const one of all.filter(({ score }) => score >= least).sort((a, b) => b.score - a.score)) {
    if (iou === null || !kept.some((other) => other.label === one.label && iouOf(other.corners, one.corners) > iou)) {
      kept.push(one);
    }
  }
  return kept
    .map(({ corners: [a = 0, b = 0, c = 0, d = 0], score, label }) => {
      const [left = 0, top = 0] = back(a, b);
      const [right = 0, bottom = 0] = back(c, d);
      const clip = (value: number, end: number) => Math.min(end, Math.max(0, value));
      const box = {
        ...{ xmin: clip(left, pictureWidth), ymin: clip(top, pictureHeight) },
        ...{ xmax: clip(right, pictureWidth), ymax: clip(bottom, pictureHeight) },
      };
      return { label: labels[label] ?? '', score, box };
    })
    .filter(({ box }) => box.xmax > box.xmin && box.ymax > box.ymin)
    .slice(0, most);
}

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
  for (const each of cases) {
    const detector = { outputs: each.outputs, size: [height, width] as const };
    await pop.release(boxModel(each.name, '1', detector, boxPipeline(stepOf(each), each.resize)));
  }
});
afterAll(() => pop.stop());

async function ask(model: string, body: string | Uint8Array | object = picture, type = 'image/png') {
  const answer = await pop.send('POST', `/v2/models/${model}/infer`, body, { 'content-type': type });
  return { status: answer.status, json: answer.json<DetectedObject[]>() };
}

const cornersOfBox = ({ box }: DetectedObject) => [box.xmin, box.ymin, box.xmax, box.ymax];

function expectSame(got: readonly DetectedObject[], wanted: readonly DetectedObject[]): void {
  expect(got.map(({ label }) => label)).toEqual(wanted.map(({ label }) => label));
  for (const [index, object] of got.entries()) {
    const other = wanted[index] as DetectedObject;
    expect(Math.abs(object.score - other.score)).toBeLessThan(1e-3);
    expect(iouOf(cornersOfBox(object), cornersOfBox(other))).toBeGreaterThan(0.99);
  }
}

describe('boxes as the detector means them', () => {
  test.each(cases.map((each) => [each.name, each] as const))('%s', async (name, each) => {
    const { status, json } = await ask(name);
    expect(status).toBe(200);
    const wanted = oracle(each);
    expect(wanted.length).toBeGreaterThan(3);
    expectSame(json, wanted);
  });

  test.each(cases.map((each) => [each.name, each] as const))('%s, at a threshold of its own', async (name, each) => {
    const inputs = Buffer.from(picture).toString('base64');
    const { json } = await ask(name, { inputs, parameters: { threshold: 0.6 } }, 'application/json');
    expectSame(json, oracle(each, 0.6));
  });
});

test('a picture that EXIF data turn has its boxes where it is shown, upright', async () => {
  // Lies on its side in the file: 100 wide and 300 high, to be turned by a quarter.
  const lying = png(pictureHeight, pictureWidth, (x, y) => [x, y % 256, 7]);
  const tiff = Buffer.from('49492a0008000000010012010300010000000600000000000000', 'hex');
  const body = Buffer.concat([Buffer.from('eXIf'), tiff]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(tiff.length);
  check.writeUInt32BE(crc32(body));
  const afterHeader = 33;
  const turned = Buffer.concat([lying.subarray(0, afterHeader), length, body, check, lying.subarray(afterHeader)]);
  const [each] = cases;
  const { status, json } = await ask('yolov5', new Uint8Array(turned));
  expect(status).toBe(200);
  expectSame(json, oracle(each as Case));
});

test('a parameter of another task is refused before a picture is decoded', async () => {
  const { status, json } = await ask('ssd', { inputs: 'AAAA', parameters: { top_k: 3 } }, 'application/json');
  expect([status, json]).toEqual([
    400,
    { error: "parameters: 'top_k' means nothing to object-detection, expected threshold" },
  ]);
});

describe('an output that is not of the form is named', () => {
  const yolo = { form: 'yolo', output: 'output0', objectness: true, candidates: 'rows' } as const;
  const output = { name: 'output0', shape: [5, 9], values: new Array(45).fill(1) } as const;
  test.each([
    ['more values than labels', yolo, '[5,9]', "boxes: output 'output0' has 9 values for each candidate, expected 8"],
    [
      'candidates of other strides',
      { form: 'yolox', output: 'output0', strides: [32] },
      '[5,8]',
      "boxes: output 'output0' has 5 candidates, the strides 32 make 12 of an input of 96x128",
    ],
  ] as const)('%s', async (_, form, shape, message) => {
    const own = { ...output, shape: JSON.parse(shape) as [number, number] };
    const values = new Array(own.shape[0] * own.shape[1]).fill(1);
    const step = {
      step: 'boxes',
      decode: { ...form, strides: [32] } as BoxForm,
      labels,
      threshold,
      iou: 0.5,
      most,
    } as const;
    const decode = form as BoxForm;
    const model = `odd-${form.form}`;
    const detector = { outputs: [{ ...own, values }], size: [height, width] as const };
    await pop.release(boxModel(model, '1', detector, boxPipeline({ ...step, decode }, fill)));
    const { status, json } = await ask(model);
    expect([status, json]).toEqual([400, { error: message }]);
    expect((await ask('ssd')).status).toBe(200);
  });
});

test('a pipeline that names an output or input the model does not have is not registered', async () => {
  const outputs = [{ name: 'output0', shape: [5, 8] as const, values: new Array(40).fill(1) }];
  const step = stepOf(cases[2] as Case);
  const made = boxModel('nameless', '1', { outputs, size: [height, width] }, boxPipeline(step, fill));
  await expect(pop.release(made)).rejects.toThrow("pipeline.after: expected an output of the signature, got 'output'");
  const colour = colourModel('nameless', '1');
  const pipeline = { ...boxPipeline(step, fill) };
  const changed = { ...colour, manifest: { ...colour.manifest, pipeline } };
  await expect(pop.release(changed)).rejects.toThrow(
    "pipeline.image: expected an input of the signature, got 'images'",
  );
});
