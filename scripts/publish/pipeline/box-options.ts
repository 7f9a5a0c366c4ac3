// What a command line says of a detector's boxes. What it leaves out is found in the model or the folder, or asked for.
import type { BoxForm, BoxFormOf, Priors } from '../../../registry/pipeline/boxes.ts';

export const boxForms = ['yolo', 'yolox', 'ssd', 'detr', 'decoded'] as const satisfies readonly BoxForm['form'][];

/** How boxes lie in an output. */
export const boxFormats = {
  rows: { candidates: 'rows', objectness: false },
  'rows-objectness': { candidates: 'rows', objectness: true },
  columns: { candidates: 'columns', objectness: false },
  'columns-objectness': { candidates: 'columns', objectness: true },
  'corners-share': { as: 'corners', units: 'share' },
  'corners-pixels': { as: 'corners', units: 'pixels' },
  'centre-share': { as: 'centre', units: 'share' },
  'centre-pixels': { as: 'centre', units: 'pixels' },
} as const;

export type BoxFormat = keyof typeof boxFormats;
export const boxFormatNames = Object.keys(boxFormats) as BoxFormat[];

/** Names of classes, and where they come from. */
export interface Labels {
  readonly names: readonly string[];
  readonly from: string;
}

export interface BoxOptions {
  readonly labels?: Labels;
  readonly form?: BoxForm['form'];
  readonly format?: BoxFormat;
  readonly background?: BoxFormOf<'decoded'>['background'];
  /** The outputs that hold boxes and scores. */
  readonly boxes?: string;
  readonly scores?: string;
  readonly strides?: readonly number[];
  /** Path of a JSON file with variances and levels. */
  readonly priors?: { readonly file: string; readonly variances: readonly [number, number]; readonly priors: Priors };
  readonly threshold?: number;
  /** `none` keeps boxes that overlap. */
  readonly iou?: number | 'none';
  readonly most?: number;
}
