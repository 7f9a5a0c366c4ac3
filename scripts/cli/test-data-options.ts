// The options of `popserve publish` for rows with the truth: where they are, and how their file is read.
import { type Command, InvalidArgumentError } from 'commander';
import type { GivenFeatures } from '../publish/name-columns.ts';
import type { DataOptions, ReadingOptions } from '../validation/test-data.ts';
import { type ImageArguments, imageOptions } from './image-options.ts';
import { parseDecimal, parseEncoding, parseMissing, parseSeparator } from './reading-arguments.ts';
import { UsageError } from './usage-error.ts';

export interface TestDataArguments extends ImageArguments {
  testData?: string;
  reference?: string;
  label?: string;
  column?: Record<string, string>;
  encoding?: string;
  separator?: string;
  decimal?: '.' | ',';
  missing?: string[];
  features?: GivenFeatures;
}

export function addTestDataOptions(command: Command): Command {
  return command
    .option(
      '--test-data <path>',
      'rows with the truth, to judge the model by: CSV, JSON lines, or a folder of tensors or images',
    )
    .option('--reference <path>', 'rows to take the baseline for drift from; default: the test data')
    .option('--label <column>', 'column with the truth; default: the only one called label, target, class or y')
    .option(
      '--column <input=column>',
      'column of an input that has another name, or the columns A,B,… of a vector; may be given several times',
      collectColumns,
    )
    .option(
      '--encoding <name>',
      'of the data, as in windows-1252 (default: UTF-8, or by a byte order mark)',
      parseEncoding,
    )
    .option(
      '--separator <sign>',
      'between the cells of CSV: comma, semicolon, tab, bar or another character (default: inferred if the file leaves no choice)',
      parseSeparator,
    )
    .option(
      '--decimal <sign>',
      'of the numbers in CSV: point or comma (default: inferred if the cells leave no choice)',
      parseDecimal,
    )
    .option('--missing <words>', 'cells that are missing, in texts as well: NA,?', parseMissing);
}

export function dataOptions(path: string, options: TestDataArguments): DataOptions {
  const { label, column, features } = options;
  const images = imageOptions(options);
  const reading = readingOptions(options);
  return {
    path,
    ...(label === undefined ? {} : { label }),
    ...(column === undefined ? {} : { columns: column }),
    ...(features === undefined ? {} : { features }),
    ...(images === undefined ? {} : { images }),
    ...(reading === undefined ? {} : { reading }),
  };
}

/** Undefined where none is given. */
export function readingOptions({
  encoding,
  separator,
  decimal,
  missing,
}: TestDataArguments): ReadingOptions | undefined {
  if (decimal === ',' && separator === ',') {
    throw new UsageError('--decimal comma does not go with --separator comma: a comma can be only one of them');
  }
  const reading: ReadingOptions = {
    ...(encoding === undefined ? {} : { encoding }),
    ...(separator === undefined ? {} : { separator }),
    ...(decimal === undefined ? {} : { decimal }),
    ...(missing === undefined ? {} : { missing }),
  };
  return Object.keys(reading).length === 0 ? undefined : reading;
}

function collectColumns(text: string, collected: Readonly<Record<string, string>> = {}): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1 || equals === text.length - 1) throw new InvalidArgumentError('expected input=column.');
  return { ...collected, [text.slice(0, equals)]: text.slice(equals + 1) };
}
