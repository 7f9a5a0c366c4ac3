// Adds the results up: by category, by operator, by cause, and against the stock runtimes.
import { type Category, categories, passes } from './category.ts';
import type { CaseResult } from './run-suite.ts';

export type Totals = Readonly<Partial<Record<Category, number>>>;

export interface OperatorSummary {
  readonly operator: string;
  readonly cases: number;
  readonly passing: number;
  /** Number of the cases that do not pass. */
  readonly others: Totals;
}

export interface CauseSummary {
  readonly category: Category;
  readonly cause: string;
  readonly names: readonly string[];
}

export interface Summary {
  readonly cases: number;
  readonly passing: number;
  readonly here: Totals;
  readonly stock: Totals;
  readonly native: Totals;
  readonly operators: readonly OperatorSummary[];
  /** Reasons of the cases that do not pass, the most frequent first within a category. */
  readonly causes: readonly CauseSummary[];
  /** Cases that pass in stock onnxruntime-web and not here: there must be none. */
  readonly lost: readonly string[];
  /** Cases that pass here and not in stock onnxruntime-web. */
  readonly gained: readonly string[];
}

const severalOperators = '(several)';

export function summarize(results: readonly CaseResult[]): Summary {
  const name = ({ suiteCase }: CaseResult) => suiteCase.name;
  const here = ({ category }: CaseResult) => category;
  const stock = ({ suiteCase }: CaseResult) => suiteCase.expected.wasm;
  const byOperator = Object.groupBy(results, ({ operator }) => operator ?? severalOperators);
  return {
    cases: results.length,
    passing: results.filter((result) => passes(here(result))).length,
    here: count(results, here),
    stock: count(results, stock),
    native: count(results, ({ suiteCase }) => suiteCase.expected.native),
    operators: Object.entries(byOperator)
      .map(([operator, group = []]) => summarizeOperator(operator, group))
      .sort((a, b) => a.operator.localeCompare(b.operator, 'en')),
    causes: summarizeCauses(results.filter((result) => !passes(here(result)))),
    lost: results.filter((result) => passes(stock(result)) && !passes(here(result))).map(name),
    gained: results.filter((result) => passes(here(result)) && !passes(stock(result))).map(name),
  };
}

function summarizeOperator(operator: string, results: readonly CaseResult[]): OperatorSummary {
  const others = results.filter(({ category }) => !passes(category));
  return {
    operator,
    cases: results.length,
    passing: results.length - others.length,
    others: count(others, ({ category }) => category),
  };
}

function summarizeCauses(results: readonly CaseResult[]): CauseSummary[] {
  const groups = Object.groupBy(results, (result) => `${result.category} ${shortCause(result)}`);
  return Object.values(groups)
    .flatMap((group = []) => {
      const [first] = group;
      if (!first) return [];
      return [
        { category: first.category, cause: shortCause(first), names: group.map(({ suiteCase }) => suiteCase.name) },
      ];
    })
    .sort((a, b) => categories.indexOf(a.category) - categories.indexOf(b.category) || b.names.length - a.names.length);
}

/** The part of the runtime's message that tells causes apart, without its source paths and function signatures. */
export function shortCause({ category, cause }: Pick<CaseResult, 'category' | 'cause'>): string {
  switch (category) {
    case 'unsupported-opset':
      return /opset \d+/i.exec(cause)?.[0].toLowerCase() ?? cause;
    case 'unsupported-op':
      return (/([\w.:]+)\(-?\d+\) is not a registered/.exec(cause)?.[1] ?? cause).replace(':', '.');
    case 'unsupported-kernel':
      return /(?:implementation|kernel) for (\w+\(\d+\))/.exec(cause)?.[1] ?? cause;
    case 'nondeterministic':
      return 'a random mask, other than in the reference';
    default:
      return cause
        .replace(/^cannot \w+ the model: /, '')
        .replace(/^\/\S+?\.(?:cc|h):\d+ .*?\) (?:const )?(?:\[.*?\] )?/s, '')
        .trim()
        .split('\n', 1)
        .join('');
  }
}

function count(results: readonly CaseResult[], category: (result: CaseResult) => Category): Totals {
  const totals: Partial<Record<Category, number>> = {};
  for (const result of results) totals[category(result)] = (totals[category(result)] ?? 0) + 1;
  return totals;
}
