// `popserve infer`: one question to a PoP, or a request to begin with.
import type { Command } from 'commander';
import { parseCount, parseEpoch, parseModel } from '../arguments.ts';
import type { AskedModel } from '../ask-model.ts';
import type { Context, Execute } from '../context.ts';
import { printExample } from '../example-request.ts';
import { inferPicture } from '../infer-picture.ts';
import { inferCsv, inferRecord } from '../infer-records.ts';
import { inferRequest } from '../infer-request.ts';
import { inferText } from '../infer-text.ts';
import type { Report } from '../report.ts';
import { UsageError } from '../usage-error.ts';

interface InferOptions {
  version?: string;
  example?: boolean;
  input?: string;
  image?: string;
  draw?: string;
  text?: string;
  record?: string[];
  csv?: string;
  row?: number;
  json?: boolean;
  binary?: boolean;
  minEpoch?: number;
}

export function addInfer(program: Command, execute: Execute): void {
  const command = program.command('infer');
  command
    .description('Ask a PoP: with a request in a file, a record, a file of records, a picture or a text.')
    .argument('<model>', 'name of the model', parseModel)
    .option('--example', 'print a request that the model answers, to begin with; asks nothing')
    .option('--input <file>', 'the request, or records, as JSON; - reads standard input')
    .option('--image <file>', 'a JPEG, PNG or WebP, for a version that takes pictures')
    .option('--draw <file>', 'with --image: a copy of the picture with the boxes on it, as PNG')
    .option('--text <text>', 'a text, for a version that takes texts')
    .option('--record <name=value...>', 'a plain record by the names of the features, for a version that takes records')
    .option('--csv <file>', 'a file of records: a column for each feature')
    .option('--row <number>', 'with --csv: this row alone; the first is 1', parseCount)
    .option('--json', 'machine-readable output: the answer')
    .option('--version <version>', 'a version or an alias; default: what is served')
    .option('--binary', 'with --input: send the tensors and ask for the answer in the binary form')
    .option('--min-epoch <epoch>', 'only from a PoP that knows of this release', parseEpoch)
    .exitOverride((error) => {
      throw formerUse(command.args, error) ?? error;
    })
    .action((model: string, options: InferOptions) => execute(options, (context) => infer(context, model, options)));
}

/** Before 0.2 `--json FILE` named the request. */
function formerUse(words: readonly string[], { code, message }: { code: string; message: string }): Error | null {
  const [, joined] = /--json=([^']*)/.exec(message) ?? [];
  const excess = words.find((word) => /\.json$/i.test(word)) ?? words[1];
  const given = code === 'commander.excessArguments' ? excess : code === 'commander.unknownOption' ? joined : undefined;
  if (given === undefined) return null;
  return new UsageError(
    `expected an option before '${given}': a request goes with --input ${given}; --json takes no file and asks for machine-readable output, as it does with every other command`,
  );
}

type Ask = (context: Context, options: InferOptions, model: string) => Promise<Report>;

/** The ways to ask, each by an option of its own. */
const questions = {
  example: { flag: '--example', ask: (context, options, model) => printExample(context, askedOf(model, options)) },
  input: {
    flag: '--input',
    ask: (context, { input = '-', binary = false, ...options }, model) =>
      inferRequest(context, askedOf(model, options), { file: input, binary }),
  },
  image: {
    flag: '--image',
    ask: (context, { image: file = '', draw, ...options }, model) =>
      inferPicture(context, { ...askedOf(model, options), file, draw }),
  },
  text: {
    flag: '--text',
    ask: (context, { text = '', ...options }, model) => inferText(context, askedOf(model, options), text),
  },
  record: {
    flag: '--record',
    ask: (context, { record = [], ...options }, model) => inferRecord(context, askedOf(model, options), record),
  },
  csv: {
    flag: '--csv',
    ask: (context, { csv: file = '', row, ...options }, model) =>
      inferCsv(context, askedOf(model, options), { file, row }),
  },
} as const satisfies Readonly<Record<string, { flag: string; ask: Ask }>>;

const expected =
  'expected one question: --input FILE, --record NAME=VALUE, --csv FILE, --image FILE or --text TEXT; --example prints a request to begin with';

async function infer(context: Context, model: string, options: InferOptions): Promise<Report> {
  const given = Object.entries(questions).flatMap(([name, question]) =>
    options[name as keyof typeof questions] === undefined ? [] : [question],
  );
  const [question, second] = given;
  if (question === undefined) throw new UsageError(expected);
  if (second !== undefined) {
    throw new UsageError(`${question.flag} does not go with ${second.flag}: one question at a time`);
  }
  const companions = [
    ['--draw', options.draw, questions.image.flag],
    ['--row', options.row, questions.csv.flag],
    ['--binary', options.binary, questions.input.flag],
  ] as const;
  for (const [flag, value, partner] of companions) {
    if (value !== undefined && question.flag !== partner) throw new UsageError(`${flag} goes with ${partner}`);
  }
  return question.ask(context, options, model);
}

function askedOf(model: string, { version, minEpoch }: InferOptions): AskedModel {
  return { model, version, minEpoch };
}
