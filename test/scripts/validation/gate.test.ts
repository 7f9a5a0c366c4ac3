// The release gate from end to end: the command, the pipeline with the inspection Worker, a real PoP.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { preparePublication } from '../../../scripts/validation/prepare-publication.ts';
import { TestPop } from '../../harness/pop.ts';
import { type Ran, runCommand } from '../cli/captured-host.ts';
import { Workshop } from '../publish/workshop.ts';
import { classifier, classifierRows, thresholded } from './classifiers.ts';

let workshop: Workshop;
let pop: TestPop;
let good: string;
let worse: string;
let data: string;
beforeAll(async () => {
  [workshop, pop] = await Promise.all([Workshop.open(), TestPop.start()]);
  good = workshop.write('good.onnx', classifier(0));
  worse = workshop.write('worse.onnx', classifier(0.29));
  data = workshop.write('rows.csv', classifierRows);
});
afterAll(() => Promise.all([workshop.close(), pop.stop()]));

function run(...args: string[]): Promise<Ran> {
  return runCommand(args, pop.pop.url.href, {
    env: { POPSERVE_URL: pop.pop.url.href, POPSERVE_TOKEN: pop.pop.token, POPSERVE_ACTOR: 'somebody' },
    prepare: (options, progress) => preparePublication(options, progress, workshop.inspector),
  });
}

function publish(file: string, model: string, ...args: string[]): Promise<Ran> {
  return run('publish', file, '--name', model, '--test-data', data, '--label', 'quality', ...args);
}

describe('the release gate', { timeout: 60_000 }, () => {
  it('keeps figures, baseline and golden vectors of real rows in the manifest, the same at every try', async () => {
    const first = await publish(good, 'kept', '--require', 'roc_auc>=0.99', '--require', 'accuracy>=1', '--activate');
    expect(first, first.err).toMatchObject({ status: 0 });
    expect(first.out).toMatch(/binary on rows.csv, 100 rows; native onnxruntime agrees/);
    expect(first.out).toMatch(/as required: roc_auc>=0.99, accuracy>=1/);
    const manifest = await pop.manifest('kept', '1');
    const figures = { accuracy: 1, precision: 1, recall: 1, f1: 1, roc_auc: 1, average_precision: 1 };
    expect(manifest.evaluation).toMatchObject({
      data: { file: 'rows.csv', rows: 100 },
      task: 'binary',
      label: 'quality',
      outputs: { label: 'label', scores: 'probability' },
      classes: ['bad', 'good'],
      positive: 'good',
      metrics: figures,
      confusion: [
        [50, 0],
        [0, 50],
      ],
      native: { rows: 100, agrees: true, metrics: figures },
      gate: { requirements: ['roc_auc>=0.99', 'accuracy>=1'] },
    });
    expect(manifest.baseline?.inputs).toMatchObject([{ name: 'x', counts: { bins: new Array(10).fill(10) } }]);
    expect(manifest.baseline?.outputs.map(({ name }) => name)).toEqual([
      'label',
      'probability.argmax',
      'probability[1]',
    ]);
    expect(manifest.warmup).toEqual([{ name: 'x', shape: [1, 1], data: [-1.98] }]);
    // The file is sorted by class: the first row of each, then a batch.
    const golden = await pop.operate('GET', `/registry/blobs/${manifest.artifacts.golden?.digest}`);
    const { cases } = golden.json<{ cases: { inputs: { shape: number[]; data: number[] }[]; outputs: object[] }[] }>();
    expect(cases.map(({ inputs }) => inputs[0]?.shape)).toEqual([
      [1, 1],
      [1, 1],
      [8, 1],
    ]);
    expect(cases.slice(0, 2).map(({ inputs }) => inputs[0]?.data)).toEqual([[-1.98], [0.02]]);
    expect(cases[1]?.outputs[0]).toMatchObject({ name: 'label', data: ['good'] });
    expect((await run('verify', 'kept', '1')).status).toBe(0);

    // By now this version itself is the one that is served.
    const again = await publish(good, 'kept', '--require', 'roc_auc>=0.99', '--require', 'accuracy>=1');
    expect(again.out).toContain('kept 1 was already published');
  });

  it('refuses what is below the requirement, says what is missing, and leaves nothing behind', async () => {
    const ran = await publish(worse, 'below', '--require', 'accuracy>=0.95', '--activate');
    expect(ran.status).toBe(1);
    expect(ran.out).toContain('below 1 is not released: accuracy is 0.93, required >=0.95');
    expect((await pop.send('GET', '/v2/models/below')).status).toBe(404);
    const asJson = await publish(worse, 'below', '--require', 'accuracy>=0.95', '--json');
    expect(JSON.parse(asJson.out)).toMatchObject({
      code: 'UNPROCESSABLE',
      failures: ['accuracy is 0.93, required >=0.95'],
      evaluation: { metrics: { accuracy: 0.93 } },
    });
  });

  it('refuses what is worse than the version that is served, judged on the same rows', async () => {
    // Published without test data: it has no figures of its own.
    expect((await run('publish', good, '--name', 'falls', '--activate')).status).toBe(0);
    const refused = await publish(worse, 'falls', '--max-regression', 'accuracy=0.05');
    expect(refused.out).toContain('accuracy is 0.93, version 1 has 1; allowed to be worse by 0.05');
    expect(refused.out).toMatch(/accuracy\s+0\.93\s+1\s+-0\.07 worse/);
    expect((await publish(worse, 'falls', '--max-regression', 'accuracy=0.08')).status).toBe(0);
    expect((await pop.manifest('falls', '2')).evaluation?.gate.stable).toMatchObject({
      version: '1',
      metrics: { accuracy: 1 },
    });
  });

  it('lets pass what is forced, with the reason in the manifest and in the history', async () => {
    const required = ['--require', 'accuracy>=0.95', '--force', '--reason', 'a customer waits'];
    const ran = await publish(worse, 'forced', ...required, '--activate');
    expect(ran, ran.out + ran.err).toMatchObject({ status: 0 });
    expect(ran.out).toContain('passed over: accuracy is 0.93, required >=0.95');
    expect((await pop.manifest('forced', '1')).evaluation?.gate.forced).toEqual({
      reason: 'a customer waits',
      failures: ['accuracy is 0.93, required >=0.95'],
    });
    expect((await run('history', 'forced')).out).toContain(
      'forced (accuracy is 0.93, required >=0.95): a customer waits',
    );

    expect((await publish(good, 'forced', '--activate')).status).toBe(0);
    const said = async (...args: string[]) => {
      expect((await run(...args)).status).toBe(0);
      const { routes } = JSON.parse((await run('history', 'forced', '--limit', '1', '--json')).out);
      return routes[0].audit.reason;
    };
    const why = 'forced (accuracy is 0.93, required >=0.95)';
    expect(await said('canary', 'forced', '1', '--percent', '5')).toBe(`${why}: a customer waits`);
    expect(await said('promote', 'forced', '--reason', 'it holds')).toBe(`${why}: it holds`);
    expect(await said('canary', 'forced', '2', '--percent', '5', '--reason', 'a better one')).toBe('a better one');
    expect(await said('promote', 'forced')).toBeUndefined();
  });

  it('keeps to budgets of memory and time', async () => {
    const ran = await publish(good, 'large', '--max-heap-mib', '0.001');
    expect(ran).toMatchObject({ status: 1 });
    expect(ran.out).toMatch(/over the budget of 0\.001 MiB of heap: fast takes/);
    const forced = await publish(good, 'large', '--max-heap-mib', '0.001', '--force', '--reason', 'a try');
    expect(forced.status).toBe(0);
    // Without what was measured, which differs from run to run.
    expect((await pop.manifest('large', '1')).evaluation?.gate.forced?.failures).toEqual([
      'over the budget of 0.001 MiB of heap',
    ]);
  });

  it('writes a report, also of a release that is refused', async () => {
    const report = `${workshop.folder}/report.html`;
    const ran = await publish(worse, 'falls', '--version', '9', '--require', 'f1>=0.99', '--report', report);
    expect(ran.status).toBe(1);
    const html = readFileSync(report, 'utf8');
    for (const part of ['<b>Refused</b>', 'ROC curve', 'Precision and recall', 'Confusion matrix', 'Baseline'])
      expect(html).toContain(part);
    // The curve of the version that is served beside that of the new one.
    expect(html.match(/class="line old"/g)).toHaveLength(2);
    expect(html).not.toMatch(/<script|https?:|src=|@import/);
    expect(html).toMatch(/Made by npx popserve publish on \d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d UTC/);
  });

  it('says measured, not as required, where nothing was required', async () => {
    const report = `${workshop.folder}/measured.html`;
    const ran = await publish(good, 'measured', '--metadata', 'author=Ann', '--report', report);
    expect(ran, ran.err).toMatchObject({ status: 0 });
    const html = readFileSync(report, 'utf8');
    expect(html).toContain('<section class="verdict neutral"><b>Measured</b><div><p>nothing was required</p>');
    expect(html).toContain('<dt>author</dt><dd>Ann</dd>');
  });

  it('does not call a limit kept that had nothing to be held against', async () => {
    const report = `${workshop.folder}/first.html`;
    const limits = ['--require', 'f1>=0.5', '--max-regression', 'roc_auc=0.1', '--report', report];
    const ran = await publish(good, 'alone', ...limits);
    expect(ran, ran.err).toMatchObject({ status: 0 });
    const unchecked = 'nothing to compare with, so not checked: max-regression roc_auc=0.1';
    expect(ran.out.split('\n')).toEqual(expect.arrayContaining(['as required: f1>=0.5', unchecked]));
    expect(readFileSync(report, 'utf8')).toContain(`<p>f1&gt;=0.5</p><p>${unchecked}</p>`);
    expect((await run('show', 'alone', '1')).out).toContain(unchecked);
  });

  it('says why there is no comparison with a version that takes other inputs', async () => {
    const other = workshop.write('other.onnx', classifier(0, 'y'));
    expect((await run('publish', other, '--name', 'renamed', '--activate')).status).toBe(0);
    const report = `${workshop.folder}/renamed.html`;
    const reason = /version 1, which is served, cannot be judged on this data: .*'y'/;
    const ran = await publish(good, 'renamed', '--report', report);
    expect(ran, ran.err).toMatchObject({ status: 0 });
    expect(ran.out).toMatch(new RegExp(`^not compared: ${reason.source}`, 'm'));
    expect(readFileSync(report, 'utf8')).toMatch(
      /Not compared: version 1, which is served, cannot be judged on this data/,
    );
    expect((await pop.manifest('renamed', '2')).evaluation?.gate.notCompared).toMatch(reason);
    const limited = await publish(worse, 'renamed', '--max-regression', 'f1=0.1');
    expect(limited.status).toBe(1);
    expect(limited.out).toMatch(new RegExp(`^not as required: ${reason.source}`, 'm'));
    expect(limited.out).not.toContain('not compared:');
  });

  it('refuses a figure that the task does not have, which no --force passes over', async () => {
    for (const asked of [
      ['--require', 'rmse<=1'],
      ['--max-regression', 'top_3=0.1'],
    ]) {
      const ran = await publish(good, 'foreign', ...asked, '--force', '--reason', 'r');
      expect(ran).toMatchObject({
        status: 1,
        out: '',
        err: expect.stringMatching(/the task is binary, which has accuracy/),
      });
    }
    expect((await pop.send('GET', '/v2/models/foreign')).status).toBe(404);
  });

  it('keeps to budgets without test data', async () => {
    const over = await run('publish', good, '--name', 'tight', '--max-heap-mib', '0.001');
    expect(over).toMatchObject({ status: 1 });
    expect(over.out).toMatch(/^tight 1 is not released: over the budget of 0\.001 MiB of heap: fast takes .*\n$/);
    const within = await run('publish', good, '--name', 'tight', '--max-heap-mib', '500', '--max-run-ms', '9000');
    expect(within, within.err).toMatchObject({ status: 0 });
    expect(within.out).toContain('as required: max-heap-mib 500, max-run-ms 9000');
  });

  it('tells that --force was not needed', async () => {
    const ran = await publish(good, 'strong', '--require', 'f1>=1', '--force', '--reason', 'in case');
    expect(ran, ran.err).toMatchObject({ status: 0 });
    expect(ran.out).toContain('--force was not needed: nothing was passed over');
  });

  it('answers records with the probability of the label that a threshold chose', async () => {
    const file = workshop.write('threshold.onnx', thresholded);
    expect((await run('publish', file, '--name', 'threshold', '--activate')).status).toBe(0);
    const answer = await pop.send('POST', '/v2/models/threshold/infer', { instances: [{ x: -0.85 }, { x: 2 }] });
    const { predictions } = answer.json<{ predictions: object[] }>();
    expect(predictions).toEqual([
      {
        label: 'pos',
        probability: expect.closeTo(0.299433, 5),
        probabilities: { neg: expect.closeTo(0.700567, 5), pos: expect.closeTo(0.299433, 5) },
      },
      expect.objectContaining({ label: 'pos', probability: expect.closeTo(0.880797, 5) }),
    ]);
  });

  it('takes a baseline from reference data alone', async () => {
    const reference = workshop.write('training.jsonl', '{"x":1}\n{"x":2}\n{"x":3}\n');
    const ran = await run('publish', good, '--name', 'watched', '--reference', reference);
    expect(ran, ran.err).toMatchObject({ status: 0 });
    const manifest = await pop.manifest('watched', '1');
    expect(manifest.baseline).toMatchObject({ reference: { file: 'training.jsonl', rows: 3 } });
    expect(manifest.evaluation).toBeUndefined();
  });

  it.each([
    [['--require', 'f1>=1'], '--require needs --test-data'],
    [['--force'], '--force needs a --reason'],
    [['--require', 'f1'], 'expected a requirement like'],
    [['--column', 'x'], 'expected input=column'],
    [['--report', 'r.html'], '--report needs --test-data'],
    [['--test-data', 'd.csv', '--report', '/nope/r.html'], '--report /nope/r.html: there is no folder /nope'],
    [['--test-data', 'd.csv', '--report', '/tmp'], '--report /tmp: expected a file, it is a folder'],
    [['--test-data', 'd.csv', '--require', 'foo>=1'], "there is no metric 'foo'"],
    [['--test-data', 'd.csv', '--max-regression', 'nonsense=0.1'], "there is no metric 'nonsense'"],
  ])('is not used with %j', async (args, words) => {
    const ran = await run('publish', good, '--name', 'm', ...args);
    expect(ran).toMatchObject({ status: 2, err: expect.stringContaining(words) });
  });
});

describe('what the gate says of its data', { timeout: 60_000 }, () => {
  it('is that rows are too few for a requirement, which --strict refuses', async () => {
    const told = await publish(worse, 'few', '--require', 'accuracy>=0.9');
    expect(told, told.err).toMatchObject({ status: 0 });
    expect(told.out).toContain(
      'warning: 100 rows are too few for accuracy>=0.9: accuracy is 0.93, its 95 % interval is from 0.862505 to 0.965681; --strict refuses that',
    );
    expect(told.out).toMatch(/accuracy\s+0\.93\s+0\.8625 to 0\.9657/);
    expect(told.out).toContain(
      "judged: label 'label', scores 'probability'; classes bad, good in the order of the graph; positive class 'good'",
    );
    const refused = await publish(worse, 'strict', '--require', 'accuracy>=0.9', '--strict');
    expect(refused.status).toBe(1);
    expect(refused.out).toContain('required >=0.9 of all of it (--strict)');
    expect((await publish(worse, 'strict', '--require', 'accuracy>=0.86', '--strict')).status).toBe(0);
    expect((await pop.manifest('strict', '1')).evaluation?.gate.strict).toBe(true);
    expect((await publish(good, 'strict', '--strict')).err).toContain('--strict goes with --require');
  });

  it('is that rows of the test data were in the reference data', async () => {
    const reference = workshop.write(
      'seen.csv',
      `x\n${classifierRows.split('\n').slice(1, 8).join('\n').replaceAll(/,\w+/g, '')}\n9`,
    );
    const ran = await publish(good, 'seen', '--reference', reference);
    expect(ran, ran.err).toMatchObject({ status: 0 });
    expect(ran.out).toContain('warning: 7 of 100 rows of the test data are in the reference data as well (seen.csv)');
    expect((await publish(good, 'unseen')).out).not.toContain('reference data');
  });

  it('is what is wrong with which file, before anything is loaded', async () => {
    const inspector = new Proxy(workshop.inspector, {
      get() {
        throw new Error('expected nothing to be loaded');
      },
    });
    const early = (...args: string[]) =>
      runCommand(['publish', good, '--name', 'early', ...args], pop.pop.url.href, {
        env: { POPSERVE_URL: pop.pop.url.href, POPSERVE_TOKEN: pop.pop.token, POPSERVE_ACTOR: 'somebody' },
        prepare: (options, progress) => preparePublication(options, progress, inspector),
      });
    const other = workshop.write('other.csv', 'z,quality\n1,good\n');
    const large = workshop.write('large.csv', `z,quality\n${'1,good\n'.repeat(700_000)}`);
    const given = ['--test-data', data, '--label', 'quality'];
    expect((await early('--test-data', other, '--label', 'quality')).err).toMatch(/^popserve: input 'x'/);
    expect((await early('--test-data', large, '--label', 'quality')).err).toMatch(/^popserve: input 'x'/);
    expect((await early('--test-data', data, '--label', 'kind')).err).toContain("no column 'kind' (--label)");
    expect((await early(...given, '--reference', other)).err).toMatch(/^popserve: --reference: input 'x'/);
    expect((await early('--test-data', other, '--label', 'quality', '--reference', data)).err).toMatch(
      /^popserve: --test-data: input 'x'/,
    );
    expect((await early(...given, '--output', 'probabilities')).err).toContain(
      "the model has no output 'probabilities' (--output); it has label, probability",
    );
    expect((await early('--test-data', 'nowhere.csv')).err).toContain('there is no such file');
  });
});
