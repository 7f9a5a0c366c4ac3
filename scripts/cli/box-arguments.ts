// The options of `popserve publish` for a detector's boxes.
import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { parse, parseJson } from '../../registry/parse.ts';
import { priorsSchema, variancesSchema } from '../../registry/pipeline/boxes.ts';
import { readLabels } from '../publish/labels.ts';
import type { LabelsFile } from '../publish/options.ts';
import {
  type BoxFormat,
  type BoxOptions,
  boxFormatNames,
  boxForms,
  type Labels,
} from '../publish/pipeline/box-options.ts';
import { unreadable } from '../unreadable.ts';
import { parseBoxCount, parseIou, parseShare, parseStrides } from './arguments.ts';
import { UsageError } from './usage-error.ts';

export interface BoxArguments {
  boxes?: (typeof boxForms)[number];
  boxesFormat?: BoxFormat;
  boxesBackground?: 'first' | 'last' | 'none';
  boxesOutput?: string;
  scoresOutput?: string;
  boxesStrides?: number[];
  boxesPriors?: string;
  boxesThreshold?: number;
  boxesIou?: number | 'none';
  boxesMost?: number;
}

export function addBoxOptions(command: Command): Command {
  return command
    .addOption(new Option('--boxes <form>', "how a detector's outputs become boxes").choices(boxForms))
    .addOption(
      new Option('--boxes-format <format>', 'how boxes lie in their output (default: by its shape, for yolo)').choices(
        boxFormatNames,
      ),
    )
    .addOption(
      new Option('--boxes-background <class>', 'which class means that nothing is there').choices([
        'first',
        'last',
        'none',
      ]),
    )
    .option('--boxes-output <name>', 'output with the boxes (default: by the shapes, if they leave no choice)')
    .option('--scores-output <name>', 'output with their scores (default: by the shapes, if they leave no choice)')
    .option('--boxes-strides <a,b,c>', 'of the grids of yolox (default: 8,16,32)', parseStrides)
    .option('--boxes-priors <file>', 'the priors of ssd as JSON: variances, clip, levels')
    .option('--boxes-threshold <score>', "boxes that score less are left out (default: the form's own)", parseShare)
    .option(
      '--boxes-iou <share>',
      "of boxes of one class that overlap more, the best stays; or none (default: the form's own)",
      parseIou,
    )
    .option('--boxes-most <count>', 'boxes in an answer (default: 300)', parseBoxCount);
}

/** Names of the options that were given. */
export function boxOptionsGiven(options: BoxArguments): string[] {
  const names: Readonly<Record<keyof BoxArguments, string>> = {
    boxes: '--boxes',
    boxesFormat: '--boxes-format',
    boxesBackground: '--boxes-background',
    boxesOutput: '--boxes-output',
    scoresOutput: '--scores-output',
    boxesStrides: '--boxes-strides',
    boxesPriors: '--boxes-priors',
    boxesThreshold: '--boxes-threshold',
    boxesIou: '--boxes-iou',
    boxesMost: '--boxes-most',
  };
  return (Object.keys(names) as (keyof BoxArguments)[])
    .filter((name) => options[name] !== undefined)
    .map((name) => names[name]);
}

/** @throws {PopserveError} INVALID_ARGUMENT for labels or priors that cannot be read */
export async function boxOptions(
  options: BoxArguments & { readonly labels?: readonly LabelsFile[] },
): Promise<BoxOptions> {
  const { boxes, boxesFormat, boxesBackground, boxesOutput, scoresOutput, boxesStrides } = options;
  const { boxesPriors, boxesThreshold, boxesIou, boxesMost } = options;
  const labels = await boxLabels(options.labels);
  return {
    ...(labels === null ? {} : { labels }),
    ...(boxes === undefined ? {} : { form: boxes }),
    ...(boxesFormat === undefined ? {} : { format: boxesFormat }),
    ...(boxesBackground === undefined ? {} : { background: boxesBackground }),
    ...(boxesOutput === undefined ? {} : { boxes: boxesOutput }),
    ...(scoresOutput === undefined ? {} : { scores: scoresOutput }),
    ...(boxesStrides === undefined ? {} : { strides: boxesStrides }),
    ...(boxesPriors === undefined ? {} : { priors: await readPriors(boxesPriors) }),
    ...(boxesThreshold === undefined ? {} : { threshold: boxesThreshold }),
    ...(boxesIou === undefined ? {} : { iou: boxesIou }),
    ...(boxesMost === undefined ? {} : { most: boxesMost }),
  };
}

/** The classes of boxes are no axis of an output alone, so the file names none. */
async function boxLabels(files: readonly LabelsFile[] = []): Promise<Labels | null> {
  const [read, ...others] = await readLabels(files);
  if (read === undefined) return null;
  if (others.length === 0 && read.output === null) return { names: read.labels, from: '--labels' };
  throw new UsageError('the classes of boxes are named by one --labels FILE, without an output');
}

const priorsFileSchema = priorsSchema.extend({ variances: variancesSchema });

async function readPriors(file: string): Promise<NonNullable<BoxOptions['priors']>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw unreadable(file, cause);
  }
  const { variances, ...priors } = parse(priorsFileSchema, parseJson(text, file), file);
  return { file, variances, priors };
}
