// Tokenizers: what a text costs, what loading costs, and the memory and the script that they take.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { mebibyte } from '../../../../registry/mebibytes.ts';
import { readTokenizer, type Tokenizer } from '../../../../worker/pipeline/text/tokenizer.ts';
import { projectRoot } from '../../../build/project.ts';
import { tokenizerArtifact } from '../../../publish/pipeline/tokenizer.ts';
import { quantile } from '../../summarise.ts';
import { number } from '../report.ts';
import type { Figure, Section } from '../section.ts';
import { type TokenSource, unigramSource, wordPieceSource } from '../token-sources.ts';

const options = { maxLength: 512, addSpecialTokens: true };
/** Texts in one measurement of CPU time, whose clock ticks in microseconds but is fed in larger steps. */
const batch = 50;

export const tokens: Section = {
  name: 'tokens',
  async run({ quick, note }) {
    const rows: string[][] = [];
    let figures: Figure[] = [];
    for (const source of [wordPieceSource(30_522), unigramSource(quick ? 50_000 : 250_000)]) {
      note(`tokens: ${source.name}`);
      const measured = measure(source, quick ? 5 : 60);
      rows.push([
        source.name,
        String(measured.length),
        `${number(measured.cpuMs[1])} [${number(measured.cpuMs[0])}, ${number(measured.cpuMs[2])}]`,
        number(measured.firstMs),
        number(measured.readMs),
        number(measured.memoryBytes / mebibyte),
      ]);
      if (figures.length === 0) figures = figuresOf(measured);
    }
    const script = await scriptBytes();
    figures.push({
      what: 'script of the tokenizers, compressed',
      reach: '<= 400 KB with all of the pipelines',
      measured: `${number(script / 1000)} KB`,
      met: script <= 400_000,
    });
    return {
      title: 'Tokenizers',
      how: [
        'Vocabularies and texts are made from a seed. CPU: one text, of this process in Node, whose V8 is workerd’s; quartiles of batches of 50 texts.',
        'First: the first text of the process. Read: from the bytes of the artifact to a tokenizer. Memory: what the artifact and the tokenizer hold after a full garbage collection.',
        'Script: the tokenizers alone, bundled and minified without zod, which the Worker has anyway, then gzip.',
      ],
      tables: [{ columns: ['tokenizer', 'tokens of the text', 'CPU ms', 'first, ms', 'read, ms', 'memory MiB'], rows }],
      figures,
    };
  },
};

interface Measured {
  readonly length: number;
  /** Quartiles of the CPU time of one text. */
  readonly cpuMs: readonly [number, number, number];
  readonly firstMs: number;
  readonly readMs: number;
  readonly memoryBytes: number;
}

function measure({ json, text }: TokenSource, rounds: number): Measured {
  const { bytes } = tokenizerArtifact(json, null, null);
  const before = heldBytes();
  const started = performance.now();
  const artifact = bytes.slice();
  const tokenizer = readTokenizer(artifact);
  const read = performance.now();
  const { length } = tokenizer.encode(text, options).ids;
  const first = performance.now();
  const memoryBytes = heldBytes() - before;
  for (let warm = 0; warm < 200; warm += 1) tokenizer.encode(text, options);
  const times = Array.from({ length: rounds }, () => cpuMsOf(tokenizer, text) / batch);
  return {
    length,
    cpuMs: [quantile(times, 0.25), quantile(times, 0.5), quantile(times, 0.75)],
    firstMs: first - read,
    readMs: read - started,
    memoryBytes,
  };
}

function cpuMsOf(tokenizer: Tokenizer, text: string): number {
  const started = process.cpuUsage();
  for (let index = 0; index < batch; index += 1) tokenizer.encode(text, options);
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000;
}

function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let index = 0; index < 3; index += 1) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function figuresOf({ length, cpuMs, memoryBytes }: Measured): Figure[] {
  return [
    {
      what: `${length} tokens through a WordPiece of 30,522, CPU`,
      reach: '<= 1 ms',
      measured: `${number(cpuMs[1])} ms`,
      met: cpuMs[1] <= 1,
    },
    {
      what: 'memory of a WordPiece of 30,522',
      reach: '<= 4 MB',
      measured: `${number(memoryBytes / 1e6)} MB`,
      met: memoryBytes <= 4e6,
    },
  ];
}

async function scriptBytes(): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [`${projectRoot}/worker/pipeline/text/tokenizer.ts`],
    bundle: true,
    minify: true,
    format: 'esm',
    external: ['zod'],
    write: false,
  });
  return gzipSync(outputFiles[0]?.contents ?? new Uint8Array()).length;
}
