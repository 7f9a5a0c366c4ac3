// Cases of the ONNX operator suite over the conversion for LiteRT.js: the suite's answers, or a refusal. `npm run engines -- --operators`
// runs all of them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { suiteIsPresent } from '../../../../scripts/checks/conformance/suite.ts';
import { bundleEngines, type EngineBundles } from '../../../../scripts/checks/engines/bundles.ts';
import { runOperatorSuite, type SuiteResult, suiteLines } from '../../../../scripts/checks/engines/operator-suite.ts';

/** One family of each kind, and every case that an earlier conversion answered wrongly. */
const names =
  /^node\/test_(averagepool_2d_\w+|basic_conv_\w+|maxpool_2d_\w+|concat_2d_\w+|matmul_\w+|identity|dropout_default|transpose_\w+|softmax_axis_\d|hardswish)$/;

let bundles: EngineBundles<'both'>;
let results: SuiteResult[];

beforeAll(async () => {
  if (!suiteIsPresent()) return;
  bundles = await bundleEngines('2026-07-30', 'both');
  results = await runOperatorSuite(bundles.both, names);
}, 240_000);

afterAll(async () => {
  await bundles?.[Symbol.asyncDispose]();
});

describe.skipIf(!suiteIsPresent())('the operator suite over the conversion', () => {
  it('gives the suite’s answer or refuses', () => {
    expect(results.length).toBeGreaterThan(40);
    expect(results.filter(({ end }) => end === 'different' || end === 'failed')).toEqual([]);
  });

  it.each([
    ['test_averagepool_2d_dilations', 'refused', 'AveragePool: dilations are not covered'],
    ['test_identity', 'equal', ''],
    ['test_matmul_2d', 'equal', ''],
    ['test_matmul_1d_1d', 'refused', 'MatMul: of a vector is not covered'],
    ['test_transpose_all_permutations_0', 'equal', ''],
  ])('says of %s: %s', (name, end, reason) => {
    expect(results.find((each) => each.name === `node/${name}`)).toMatchObject({ end, reason });
  });
});

describe('the table of the operator suite', () => {
  it('counts how cases ended, and names those that are wrong', () => {
    const result = (name: string, operators: string, end: SuiteResult['end'], reason = ''): SuiteResult => {
      return { name, operators, end, reason };
    };
    const lines = suiteLines([
      result('a', 'Abs', 'equal'),
      result('b', 'Abs', 'refused', 'Abs: no'),
      result('c', 'Erf', 'refused', 'Erf: not covered'),
      result('d', 'Sin', 'different', 'other numbers'),
    ]);
    expect(lines).toContain('| all cases of single operators | 1 | 2 | 0 | 0 | 1 | 0 |');
    expect(lines).toContain('| Abs | 1 | 1 | 0 | 0 | 0 | 0 |');
    expect(lines.filter((line) => line.includes('Erf'))).toEqual([]);
    expect(lines).toContain('- d: different: other numbers');
  });
});
