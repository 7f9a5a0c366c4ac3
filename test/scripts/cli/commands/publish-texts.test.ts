// Folders of the Hub with models of texts, published by the command and asked, over a real PoP.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { preparePublication } from '../../../../scripts/validation/prepare-publication.ts';
import { TestPop } from '../../../harness/pop.ts';
import { writeMoodFolder, writeNameFolder, writeSentenceFolder } from '../../../harness/texts/hub-folder.ts';
import { runCommand } from '../captured-host.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-texts-'));
const [sentences, moods, names] = ['sentences', 'moods', 'names'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({});
  writeSentenceFolder(sentences);
  writeMoodFolder(moods);
  writeNameFolder(names);
});
afterAll(async () => {
  await pop?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function command(...args: string[]) {
  const env = { POPSERVE_URL: pop.pop.url.href, POPSERVE_TOKEN: pop.pop.token, POPSERVE_ACTOR: 'somebody' };
  return runCommand(args, env.POPSERVE_URL, { env, prepare: preparePublication, wait: (ms) => delay(ms) });
}

test('a dry run shows each step with where it comes from, and uploads nothing', async () => {
  const { status, out } = await command('publish', sentences, '--name', 'sentences', '--dry-run');
  expect([status, out]).toEqual([0, expect.stringContaining('nothing was uploaded')]);
  const rows = [
    /prompts query, document +config_sentence_transformers.json: prompts/,
    /tokenise by WordPiece, 12 tokens +tokenizer.json/,
    /at most 12 tokens +sentence_bert_config.json: max_seq_length/,
    /filled up to the longest of a batch at the right +tokenizer_config.json: pad_token, padding_side/,
    /INT64 +input 'input_ids' INT64/,
    /mean of output 'values' +1_Pooling\/config.json: pooling_mode_mean_tokens/,
    /of the length 1 +modules.json: Normalize/,
    /on request cut to 2 +config.json: matryoshka_dimensions/,
  ];
  for (const row of rows) expect(out).toMatch(row);
});

test('vectors are answered, verified and cut', async () => {
  const published = await command('publish', sentences, '--name', 'sentences', '--activate');
  expect([published.status, published.err]).toEqual([0, '']);
  expect(published.out).toContain("-H 'content-type: text/plain' --data-binary 'A text to try'");
  const verified = await command('verify', 'sentences', '1');
  expect([verified.status, verified.out]).toEqual([0, expect.stringMatching(/6 golden vectors/)]);
  const answer = await pop.send(
    'POST',
    '/v1/embeddings',
    { model: 'sentences', input: 'good film', dimensions: 2 },
    {
      ...{ 'content-type': 'application/json', authorization: `Bearer ${pop.pop.token}` },
    },
  );
  const [row] = answer.json<{ data: { embedding: number[] }[] }>().data;
  expect(Math.hypot(...(row?.embedding ?? []))).toBeCloseTo(1, 6);
  expect(row?.embedding).toHaveLength(2);
});

describe('popserve infer --text', () => {
  test('prints labels, and the same by curl', async () => {
    expect((await command('publish', moods, '--name', 'moods', '--activate')).status).toBe(0);
    const { status, out } = await command('infer', 'moods', '--text', "it's good");
    const share = (1 / (1 + Math.exp(-2))).toFixed(4);
    expect([status, out.split('\n').slice(1, 4)]).toEqual([
      0,
      ['LABEL     SCORE', `POSITIVE  ${share}`, `NEGATIVE  ${(1 - Number(share)).toFixed(4)}`],
    ]);
    expect(out).toMatch(
      /curl -s \S+\/v2\/models\/moods\/infer -H 'content-type: text\/plain; charset=utf-8' --data-raw 'it'\\''s good'/,
    );
  });

  test('prints the parts of a text, and JSON on request', async () => {
    expect((await command('publish', names, '--name', 'names', '--activate')).status).toBe(0);
    const { out } = await command('infer', 'names', '--text', 'Ann in New York');
    expect(out).toMatch(/PER +Ann +0 to 3 +0\.9\d+\nLOC +New York +7 to 15 +0\.9\d+/);
    const json = await command('infer', 'names', '--text', 'Ann', '--json');
    expect(JSON.parse(json.out)).toEqual([
      { entity_group: 'PER', score: expect.any(Number), word: 'Ann', start: 0, end: 3 },
    ]);
  });

  test('prints the beginning of a vector, and says what was cut off', async () => {
    const { out } = await command('infer', 'sentences', '--text', 'good '.repeat(20));
    expect(out).toMatch(/4 values: 0\.\d+, /);
    expect(out).toContain('the text was cut off after 12 tokens');
  });
});

describe('the gate', () => {
  const texts = join(folder, 'texts.csv');

  test('judges a classifier of texts by a column of them', async () => {
    writeFileSync(texts, 'text,label\ngood film,POSITIVE\n"bad, bad",NEGATIVE\ngood,POSITIVE\nbad film,NEGATIVE\n');
    const { status, out } = await command(
      'publish',
      moods,
      '--name',
      'judged',
      '--test-data',
      texts,
      '--require',
      'accuracy>=0.9',
    );
    expect([status, out]).toEqual([0, expect.stringMatching(/accuracy +1/)]);
    const { labels, evaluation, baseline } = await pop.manifest('judged', '1');
    expect([labels, evaluation?.label]).toEqual([{ values: ['NEGATIVE', 'POSITIVE'] }, 'label']);
    const counted = [...(baseline?.inputs ?? []), ...(baseline?.outputs ?? [])].map(({ take }) => take);
    const names = ['bytes', 'tokens', 'unknown', 'script', 'label', 'confidence'];
    expect(counted).toEqual(names.map((item) => ({ item })));
  });

  test.each([
    [
      'a file without texts',
      'review,label\ngood,POSITIVE\n',
      /no column text, sentence, content, message; say which has the texts with --column text=COLUMN. Columns: review, label/,
    ],
    ['a truth of another name', 'text,label\ngood,HAPPY\n', /HAPPY/],
  ])('refuses %s', async (_, content, message) => {
    writeFileSync(texts, content);
    const { status, err } = await command('publish', moods, '--name', 'refused', '--test-data', texts);
    expect([status, err]).toEqual([1, expect.stringMatching(message)]);
  });
});

describe('what does not go together is refused', () => {
  test('a folder without a tokenizer, and options that go elsewhere', async () => {
    const bare = await command('publish', join(moods, 'model.onnx'), '--name', 'bare', '--task', 'text-classification');
    expect([bare.status, bare.err]).toEqual([
      1,
      expect.stringContaining('text-classification needs a folder with tokenizer.json'),
    ]);
    const pooled = await command('publish', moods, '--name', 'bare', '--pooling', 'mean');
    expect([pooled.status, pooled.err]).toEqual([
      2,
      expect.stringContaining('--pooling, --normalise and --dimensions go with'),
    ]);
  });
});
