// One case per family of operators and result of the stock runtime, as `npm run conformance` runs all of them. Needs the suite.
import { beforeAll, describe, expect, it } from 'vitest';
import { type Category, passes } from '../../../../scripts/checks/conformance/category.ts';
import { type CaseResult, runSuite } from '../../../../scripts/checks/conformance/run-suite.ts';
import {
  openSuite,
  type SuiteCase,
  suiteFolder,
  suiteIsPresent,
} from '../../../../scripts/checks/conformance/suite.ts';

const present = suiteIsPresent();
if (!present) console.warn(`skipped: no ONNX operator suite in ${suiteFolder()} (see docs/evidence/conformance.md)`);

describe.skipIf(!present)('the ONNX operator suite, one case per family', () => {
  let results: CaseResult[];

  beforeAll(async () => {
    await using suite = await openSuite();
    results = await runSuite(onePerFamily(suite.cases), { jobs: 1, profile: 'fast' });
  }, 120_000);

  const namesAndCauses = (cases: readonly CaseResult[]) =>
    cases.map(({ suiteCase, category, cause }) => `${suiteCase.name} ${category}: ${cause}`);
  const ofStock = (...expected: Category[]) =>
    results.filter(({ suiteCase }) => expected.includes(suiteCase.expected.wasm));

  it('passes whatever stock onnxruntime-web passes', () => {
    const cases = ofStock('pass', 'pass-loose');
    expect(cases.length).toBeGreaterThan(200);
    expect(namesAndCauses(cases.filter(({ category }) => !passes(category)))).toEqual([]);
  });

  it('passes what stock loses only because its JS API cannot carry the type, unless there is no kernel', () => {
    const cases = ofStock('unsupported-js-type');
    expect(cases.length).toBeGreaterThan(10);
    const rest = cases.filter(({ category }) => category !== 'pass' && category !== 'unsupported-kernel');
    expect(namesAndCauses(rest)).toEqual([]);
    expect(cases.filter(({ category }) => category === 'pass').length).toBeGreaterThan(cases.length / 2);
  });

  it('loads without graph optimisation what the runtime refuses with it', () => {
    const rms = results.find(
      ({ suiteCase }) =>
        suiteCase.name.startsWith('node/test_rms_normalization') && suiteCase.expected.wasm === 'fail-load',
    );
    expect(rms).toMatchObject({ category: 'pass', optimization: 'disabled' });
  });

  it('names the cause of what the runtime does not support, as stock does', () => {
    const cases = ofStock('unsupported-opset', 'unsupported-op', 'unsupported-kernel', 'nondeterministic');
    expect(cases.length).toBeGreaterThan(20);
    expect(namesAndCauses(cases.filter(({ category, suiteCase }) => category !== suiteCase.expected.wasm))).toEqual([]);
  });
});

/** `node/test_conv_with_strides` is of the family `node/test_conv`. */
function onePerFamily(cases: readonly SuiteCase[]): SuiteCase[] {
  const chosen = new Map<string, SuiteCase>();
  for (const suiteCase of cases) {
    const family = `${suiteCase.name.split('_', 2).join('_')} ${suiteCase.expected.wasm}`;
    if (!chosen.has(family)) chosen.set(family, suiteCase);
  }
  return [...chosen.values()];
}
