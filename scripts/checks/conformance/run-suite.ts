// Runs cases side by side, each in one of a few workerd processes. A case that breaks its heap or its process leaves the next one a fresh one.
import { InspectionError, Inspector, type LoadOptions } from '../../inspect/inspector.ts';
import type { OnnxModel } from '../../onnx/model-file.ts';
import { type Outcome, readCase, runCase } from './run-case.ts';
import type { SuiteCase } from './suite.ts';

export interface CaseResult extends Outcome {
  readonly suiteCase: SuiteCase;
  /** `Conv`, `ai.onnx.ml.Scaler`; null for a model of several operators. */
  readonly operator: string | null;
}

export interface RunOptions {
  /** How many workerd processes. */
  readonly jobs: number;
  readonly profile: LoadOptions['profile'];
  onResult?(done: number): void;
}

/** The heap that an isolate of 128 MB can have. */
const heapLimitMib = 96;

/** @returns a result per case, in the order of `cases` */
export async function runSuite(cases: readonly SuiteCase[], options: RunOptions): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  const inspectors: Inspector[] = [];
  const queue = cases.entries();
  let done = 0;
  try {
    // One after the other, as the first may have to build what all of them run.
    for (let job = 0; job < options.jobs; job++) inspectors.push(await Inspector.start({ heapLimitMib }));
    await Promise.all(
      inspectors.map(async (inspector) => {
        for (const [index, suiteCase] of queue) {
          results[index] = await resultOf(inspector, suiteCase, options.profile);
          options.onResult?.(++done);
        }
      }),
    );
  } finally {
    await Promise.all(inspectors.map((inspector) => inspector.close()));
  }
  return results.map((result) => withSiblingsOperator(result, results));
}

async function resultOf(
  inspector: Inspector,
  suiteCase: SuiteCase,
  profile: LoadOptions['profile'],
): Promise<CaseResult> {
  const loaded = await readCase(suiteCase);
  const operator = onlyOperator(loaded.model);
  try {
    return { suiteCase, operator, ...(await runCase(inspector, loaded, profile)) };
  } catch (error) {
    if (!(error instanceof InspectionError)) throw error;
    return { suiteCase, operator, category: 'crash', cause: error.message, optimization: null, extended: false };
  }
}

function onlyOperator({ graph }: OnnxModel): string | null {
  const operators = new Set(graph.node.map(({ domain, opType }) => (domain === '' ? opType : `${domain}.${opType}`)));
  if (operators.size > 1) operators.delete('Constant');
  const [operator = null] = operators;
  return operators.size === 1 ? operator : null;
}

/** `test_elu_expanded` states Elu by simpler operators, and is about Elu. */
function withSiblingsOperator(result: CaseResult, results: readonly CaseResult[]): CaseResult {
  const { name } = result.suiteCase;
  const base = name.replace(/_expanded(_ver\d+)?$/, '');
  if (base === name) return result;
  const sibling = results.find(({ suiteCase }) => suiteCase.name === base);
  return { ...result, operator: sibling?.operator ?? result.operator };
}
