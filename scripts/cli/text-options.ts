// The options of `popserve publish` for models of texts, and for vectors of pictures.
import { type Command, Option } from 'commander';
import { isTextTask, type PipelineTask, type TextOptions } from '../publish/pipeline/options.ts';
import { parseCount, parseCounts } from './arguments.ts';
import { UsageError } from './usage-error.ts';

export interface TextArguments {
  maxTokens?: number;
  pooling?: NonNullable<TextOptions['pooling']>;
  normalise?: boolean;
  dimensions?: number[];
}

export function addTextOptions(command: Command): Command {
  return command
    .option('--max-tokens <count>', 'of a text, the special ones among them (default: by the folder)', parseCount)
    .addOption(
      new Option('--pooling <how>', 'from vectors of tokens to one (default: by 1_Pooling/config.json)').choices([
        ...(['mean', 'cls', 'max', 'last', 'none'] as const),
      ]),
    )
    .option('--normalise', 'vectors get the length 1 (default: by modules.json)')
    .option('--no-normalise', 'vectors keep their length')
    .option(
      '--dimensions <a,b,…>',
      'lengths that a caller may have a vector cut to, as the model was trained for (default: by config.json)',
      parseCounts,
    );
}

export function textOptions({ maxTokens, pooling, normalise, dimensions }: TextArguments): TextOptions {
  return {
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(pooling === undefined ? {} : { pooling }),
    ...(normalise === undefined ? {} : { normalise }),
    ...(dimensions === undefined ? {} : { dimensions }),
  };
}

/** @throws {UsageError} for options of another task */
export function requireTextTask(task: PipelineTask | null, options: TextArguments): void {
  if (options.maxTokens !== undefined && !isTextTask(task)) {
    throw new UsageError('--max-tokens goes with a folder or a --task that takes texts');
  }
  const makesVectors = task === 'feature-extraction' || task === 'image-feature-extraction';
  const { pooling, normalise, dimensions } = options;
  if (makesVectors || (pooling === undefined && normalise === undefined && dimensions === undefined)) return;
  throw new UsageError('--pooling, --normalise and --dimensions go with a folder or a --task that makes vectors');
}
