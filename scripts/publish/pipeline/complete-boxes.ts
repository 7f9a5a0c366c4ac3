// The step `boxes` of a detector, from the command line, a folder or an export's metadata; each part with where it comes from.
import { invalid } from '../../../registry/errors.ts';
import type { OutputRole } from '../../../registry/output-role.ts';
import type { BoxesStep, BoxForm, BoxFormOf } from '../../../registry/pipeline/boxes.ts';
import type { ImageInput } from '../../../registry/pipeline/image-input.ts';
import { imageStep } from '../../../registry/pipeline/image-step.ts';
import type { Signature } from '../../../registry/signature.ts';
import { countPriors } from '../../../worker/pipeline/boxes/ssd.ts';
import { boxFormats, type Labels } from './box-options.ts';
import { oneOutput, twoOutputs, yoloFormat } from './box-outputs.ts';
import { describeForm, describeOverlap } from './describe-step.ts';
import type { PipelineOptions } from './options.ts';

export interface DetectorModel {
  readonly signature: Signature;
  readonly roles: readonly OutputRole[] | undefined;
  readonly labels: Labels | null;
  readonly image: ImageInput;
}

type Row = readonly [step: string, from: string];

/** Boxes in an answer, as Ultralytics has it. */
const usualMost = 300;

interface Usual {
  readonly threshold: number;
  readonly iou: number | null;
  readonly by: string;
}

/** The thresholds of each detector's own code; null for forms that many detectors share. */
function usualOf(form: BoxForm): Usual | null {
  switch (form.form) {
    case 'yolo':
      if (form.objectness) return { threshold: 0.25, iou: 0.45, by: "YOLOv5's own" };
      return { threshold: 0.25, iou: 0.7, by: "Ultralytics' own" };
    case 'yolox':
      return { threshold: 0.3, iou: 0.45, by: "YOLOX's own" };
    case 'detr':
      return { threshold: 0.5, iou: null, by: 'as transformers does it' };
    case 'ssd':
    case 'decoded':
      return null;
  }
}

/**
 * Detectors of transformers, and how their values become scores.
 * @see https://github.com/huggingface/transformers, post_process_object_detection of each image processor
 */
const architectures: Readonly<Record<string, BoxFormOf<'detr'>['activation']>> = {
  Detr: 'softmax',
  Yolos: 'softmax',
  TableTransformer: 'softmax',
  ConditionalDetr: 'sigmoid',
  DeformableDetr: 'sigmoid',
  RTDetr: 'sigmoid',
  RTDetrV2: 'sigmoid',
  DFine: 'sigmoid',
};

/** @throws {PopserveError} INVALID_ARGUMENT naming what is missing, or what contradicts the model's outputs */
export function completeBoxes(options: PipelineOptions, model: DetectorModel): { after: BoxesStep; rows: Row[] } {
  const { labels } = model;
  if (labels === null)
    throw invalid('nothing names the classes of the boxes: give --labels FILE, one per line, without a background');
  const { form, from } = formOf(options);
  const [decode, found] = formRows(form, options, model, labels.names.length);
  const { boxes } = options;
  const own = usualOf(decode);
  const threshold = boxes.threshold ?? own?.threshold;
  const iou = boxes.iou === 'none' ? null : (boxes.iou ?? own?.iou);
  if (threshold === undefined || iou === undefined) {
    const missing = [
      ...(threshold === undefined ? ['--boxes-threshold 0.5'] : []),
      ...(iou === undefined ? ['--boxes-iou 0.45'] : []),
    ];
    throw invalid(
      `--boxes ${form} has no usual thresholds: give ${missing.join(' and ')}, as the model's own code has them`,
    );
  }
  const after: BoxesStep = {
    step: 'boxes',
    decode,
    labels: [...labels.names],
    threshold,
    iou,
    most: boxes.most ?? usualMost,
  };
  const by = own?.by ?? '';
  return {
    after,
    rows: [
      [describeForm(decode), `${from}; ${found}`],
      [`${labels.names.length} classes`, labels.from],
      [`boxes that score at least ${threshold}`, boxes.threshold === undefined ? by : '--boxes-threshold'],
      [describeOverlap(after), boxes.iou === undefined ? by : '--boxes-iou'],
      [`at most ${after.most} boxes`, boxes.most === undefined ? 'default' : '--boxes-most'],
    ],
  };
}

function formOf({ boxes, folder, exported }: PipelineOptions): { form: BoxForm['form']; from: string } {
  if (boxes.form !== undefined) return { form: boxes.form, from: '--boxes' };
  if (exported !== null) {
    if (exported.isSuppressed) throw invalid(suppressedExport);
    return { form: 'yolo', from: 'metadata of the model' };
  }
  if (folder?.config?.architectures !== undefined) return { form: 'detr', from: 'config.json: architectures' };
  throw invalid('nothing says how the outputs become boxes: give --boxes yolo, yolox, ssd, detr or decoded');
}

const suppressedExport =
  'the metadata of the model say that its boxes have gone through non-maximum suppression (nms or end2end), which is not supported: export with nms=False, end2end=False';

/** The form with all that it needs, and where that comes from. */
function formRows(
  form: BoxForm['form'],
  options: PipelineOptions,
  model: DetectorModel,
  classes: number,
): [BoxForm, string] {
  const { boxes } = options;
  const { signature } = model;
  switch (form) {
    case 'yolo': {
      const output = oneOutput(signature, boxes);
      const { found, from } = yoloFormat(output.found, classes, boxes.format);
      return [{ form, output: output.found.name, ...found }, from];
    }
    case 'yolox': {
      const output = oneOutput(signature, boxes);
      requireSize(output.found, 2, classes + 5, 'values for each candidate of a box, an objectness and the classes');
      const strides = boxes.strides ?? [8, 16, 32];
      requireSize(
        output.found,
        1,
        gridPlaces(strides, model.image),
        `places of grids with strides ${strides.join(', ')}`,
      );
      return [
        { form, output: output.found.name, strides: [...strides] },
        boxes.strides === undefined ? 'strides 8, 16, 32 fit the shape' : '--boxes-strides',
      ];
    }
    case 'ssd': {
      const { found, from } = twoOutputs(signature, boxes);
      if (boxes.priors === undefined) throw invalid(priorsHint);
      const { variances, priors, file } = boxes.priors;
      requireSize(
        found.boxes,
        1,
        sizedBy(model.image, (size) => countPriors(priors, size)),
        `boxes by ${file}`,
      );
      const scores = scoresOf(form, options, model, found.scores, classes);
      const names = { boxes: found.boxes.name, scores: found.scores.name };
      return [{ form, ...names, ...scores, variances: [...variances], priors }, `${from}; --boxes-priors`];
    }
    case 'decoded': {
      const { found, from } = twoOutputs(signature, boxes);
      const how = boxes.format === undefined ? null : boxFormats[boxes.format];
      if (how === null || !('as' in how)) {
        throw invalid(
          '--boxes decoded needs --boxes-format corners-share, corners-pixels, centre-share or centre-pixels',
        );
      }
      const scores = scoresOf(form, options, model, found.scores, classes);
      return [
        { form, boxes: found.boxes.name, scores: found.scores.name, ...scores, ...how },
        `${from}; --boxes-format`,
      ];
    }
    case 'detr': {
      const { found, from } = twoOutputs(signature, boxes);
      const { activation, by } = detrActivation(options);
      requireSize(
        found.scores,
        2,
        classes + (activation === 'softmax' ? 1 : 0),
        `values for each query by ${activation}`,
      );
      return [{ form, boxes: found.boxes.name, scores: found.scores.name, activation }, `${from}; ${by}`];
    }
  }
}

const priorsHint =
  '--boxes ssd needs --boxes-priors FILE: {"variances": [0.1, 0.2], "clip": false, "levels": [{"step": 16, "boxes": [[30, 30], …]}, …]}, sizes in pixels of the input';

function detrActivation({ activation, folder }: PipelineOptions): { activation: 'softmax' | 'sigmoid'; by: string } {
  if (activation === 'softmax' || activation === 'sigmoid') return { activation, by: '--scores' };
  const names = folder?.config?.architectures;
  if (names === undefined)
    throw invalid('--boxes detr needs --scores softmax (DETR, YOLOS) or sigmoid (RT-DETR, Deformable DETR)');
  for (const name of names) {
    const known = architectures[name.replace(/ForObjectDetection$/, '')];
    if (known !== undefined) return { activation: known, by: `config.json: ${name}` };
  }
  const known = Object.keys(architectures).map((each) => `${each}ForObjectDetection`);
  throw invalid(`config.json: ${names.join(', ')} is not supported, expected one of ${known.join(', ')}`);
}

function scoresOf(
  form: string,
  { activation, boxes: { background } }: PipelineOptions,
  { roles }: DetectorModel,
  output: { readonly name: string; readonly shape: readonly number[] },
  classes: number,
): Pick<BoxFormOf<'decoded'>, 'activation' | 'background'> {
  const isShare = roles?.find((role) => role.output === output.name)?.isShare === true;
  const how = activation ?? (isShare ? 'none' : null);
  if (how === null) throw invalid(`--boxes ${form} needs --scores softmax, sigmoid or none (they are scores already)`);
  if (background === undefined) {
    throw invalid(
      `--boxes ${form} needs --boxes-background first, last or none: which class means that nothing is there`,
    );
  }
  requireSize(
    output,
    2,
    classes + (background === 'none' ? 0 : 1),
    `scores for ${classes} classes with background ${background}`,
  );
  return { activation: how, background };
}

/** Both numbers are told where they differ. @param expected null: nobody knows */
function requireSize(
  { name, shape }: { readonly name: string; readonly shape: readonly number[] },
  axis: number,
  expected: number | null,
  what: string,
): void {
  const got = shape[axis] ?? -1;
  if (expected === null || got === -1 || got === expected) return;
  throw invalid(`expected ${expected} ${what}, output '${name}' [${shape}] has ${got}`);
}

function gridPlaces(strides: readonly number[], image: ImageInput): number | null {
  return sizedBy(image, ({ width, height }) =>
    strides.reduce((sum, stride) => sum + Math.floor(width / stride) * Math.floor(height / stride), 0),
  );
}

/** Null where pictures become inputs of several sizes. */
function sizedBy(image: ImageInput, count: (size: { width: number; height: number }) => number): number | null {
  const last = imageStep(image, 'pad') ?? imageStep(image, 'crop') ?? imageStep(image, 'resize');
  return last !== undefined && 'height' in last && 'width' in last ? count(last) : null;
}
