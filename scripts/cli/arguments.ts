// How the words of a command line become values: what cannot be right is refused before anything is done.
import { InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { placeSchema } from '../../registry/api/drift.ts';
import { aliasSchema, modelNameSchema, versionSchema } from '../../registry/names.ts';
import { check, tellFaults } from '../../registry/parse.ts';
import { mostBoxes } from '../../registry/pipeline/boxes.ts';
import { isPrototypeName, prototypeRefusal } from '../../registry/prototype-names.ts';
import { percentSchema } from '../../registry/route.ts';
import type { GivenFeatures } from '../publish/name-columns.ts';
import type { GivenShape, LabelsFile, MaxDim } from '../publish/options.ts';

/** For commander: @throws {InvalidArgumentError} with what the schema expects */
function parser<T>(schema: z.ZodType<T>): (text: string) => T {
  return (text) => {
    const checked = check(schema, text);
    if ('data' in checked) return checked.data;
    throw new InvalidArgumentError(`${tellFaults(checked.faults)}.`);
  };
}

/** z.coerce takes '' and ' ' for 0, and what is no number for NaN, which nobody has written. */
const numberText = z
  .string()
  .refine((text) => text.trim() !== '' && !Number.isNaN(Number(text)), 'expected a number')
  .transform(Number);

/** @param expected what the number must be: zod's own messages name types of JavaScript, or no second bound */
function numberParser(schema: z.ZodType<number, number>, expected: string): (text: string) => number {
  return (text) => {
    const checked = check(numberText.pipe(schema), text);
    if ('data' in checked) return checked.data;
    throw new InvalidArgumentError(`expected ${expected}.`);
  };
}

export const parseModel = parser(modelNameSchema);
export const parsePlace = parser(placeSchema);
export const parseVersion = parser(versionSchema);
export const parseAlias = parser(aliasSchema);
export const parsePercent = numberParser(percentSchema, 'a number from 0 to 100');
export const parseShare = numberParser(z.number().min(0).max(1), 'a number from 0 to 1');
export const parseNumber = numberParser(z.number(), 'a number');
export const parseTolerance = numberParser(z.number().min(0), 'a number of 0 or more');
export const parseMilliseconds = numberParser(z.number().min(0), 'a number of 0 or more');
export const parsePositive = numberParser(z.number().positive(), 'a number above 0');
export const parseDriftWindow = numberParser(z.number().min(1).max(3600), 'a number from 1 to 3600');
export const parseEpoch = numberParser(z.int().min(0), 'a whole number of 0 or more');
export const parseCount = numberParser(z.int().min(1), 'a whole number of 1 or more');
export const parsePort = numberParser(z.int().min(0).max(65_535), 'a whole number from 0 to 65535');
/** Numbers of 1 and more, separated by commas. */
export const parseCounts = parser(
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(numberText.pipe(z.int().min(1)))),
);
const parseNames = parser(
  z
    .string()
    .transform((text) => text.split(',').map((name) => name.trim()))
    .pipe(z.array(z.string().min(1, 'expected names, separated by commas'))),
);
const numberList = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(numberText.pipe(z.number())));
export const parseNumbers = parser(numberList);
export const parseDivisors = parser(numberList.pipe(z.array(z.number().positive())));
export const parseImageResize = parser(
  z.union([z.enum(['stretch', 'none']), numberText.pipe(z.int().min(1))], 'expected pixels, stretch or none'),
);
export const parseLetterbox = parser(
  z
    .string()
    .regex(/^\d+(,corner)?$/, 'expected the value of the frame, 0 to 255, as in 114 or 114,corner')
    .transform((text) => {
      const [value, place] = text.split(',');
      return { value: Number(value), ...(place === 'corner' ? { place } : {}) };
    })
    .pipe(z.object({ value: z.int().min(0).max(255), place: z.literal('corner').exactOptional() })),
);
export const parseStrides = parser(numberList.pipe(z.array(z.int().min(1))));
export const parseIou = parser(
  z.union([z.literal('none'), numberText.pipe(z.number().min(0).max(1))], 'expected a share of 0 to 1, or none'),
);
export const parseBoxCount = numberParser(z.int().min(1).max(mostBoxes), `a whole number from 1 to ${mostBoxes}`);
export const parseReason = parser(z.string().min(1).max(1000));

/** For an option that may come several times: collects `key=value`. */
export function collectMetadata(
  text: string,
  collected: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('expected key=value.');
  const key = text.slice(0, equals);
  if (isPrototypeName(key)) throw new InvalidArgumentError(`'${key}' ${prototypeRefusal}.`);
  return { ...collected, [key]: text.slice(equals + 1) };
}

/** For an option that may come several times: collects `A,B,C` or `INPUT=A,B,C`. */
export function collectFeatures(text: string, collected: GivenFeatures = []): GivenFeatures {
  return [...collected, parseNames(text)];
}

/** For an option that may come several times: collects `FILE` or `OUTPUT=FILE`. */
export function collectLabels(text: string, collected: readonly LabelsFile[] = []): LabelsFile[] {
  const equals = text.indexOf('=');
  const file = text.slice(equals + 1);
  if (equals === 0 || file === '') throw new InvalidArgumentError('expected FILE or OUTPUT=FILE.');
  return [...collected, { output: equals < 0 ? null : text.slice(0, equals), file }];
}

/** For an option that may come several times: collects `NAME=2,batch,?`; `NAME=` is a scalar. */
export function collectShapes(text: string, collected: readonly GivenShape[] = []): GivenShape[] {
  const equals = text.lastIndexOf('=');
  if (equals < 1) throw new InvalidArgumentError('expected NAME=SIZES, as in x=batch,3.');
  const [name, given] = [text.slice(0, equals), text.slice(equals + 1)];
  if (collected.some((shape) => shape.name === name)) throw new InvalidArgumentError(`'${name}' is there twice.`);
  const sizes = given.trim() === '' ? [] : given.split(',').map(parseSize);
  return [...collected, { name, sizes }];
}

function parseSize(text: string): number | string | null {
  const word = text.trim();
  if (word === '?') return null;
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(word)) return word;
  return parseCount(word);
}

/** For an option that may come several times: collects `SIZE` or `NAME=SIZE`. */
export function collectMaxDims(text: string, collected: readonly MaxDim[] = []): MaxDim[] {
  const equals = text.lastIndexOf('=');
  const size = parseCount(text.slice(equals + 1));
  if (equals === 0) throw new InvalidArgumentError('expected SIZE or NAME=SIZE.');
  return [...collected, { name: equals < 0 ? null : text.slice(0, equals), size }];
}
