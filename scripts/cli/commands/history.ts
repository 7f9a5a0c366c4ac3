// `popserve history`: who changed what is served, when and why.
import type { Command } from 'commander';
import { largest } from '../../../registry/extremes.ts';
import type { Route } from '../../../registry/route.ts';
import { parseCount, parseModel } from '../arguments.ts';
import type { Context, Execute } from '../context.ts';
import { describeShare } from '../describe-route.ts';
import { usualColumns } from '../help.ts';
import { rowLines, wrapped } from '../layout.ts';
import type { Report } from '../report.ts';

/** Where WHO stands in a row. */
const whoColumn = 2;
const longestName = 20;
/** A name that is shorter tells nobody. */
const shortestName = 8;
/** Seven columns do not fit a terminal that is narrower. */
const leastWithShares = 65;

interface HistoryOptions {
  limit: number;
  json?: boolean;
}

export function addHistory(program: Command, execute: Execute): void {
  program
    .command('history')
    .description('who changed what is served, when and why, newest first')
    .argument('<model>', 'name of the model', parseModel)
    .option('--limit <number>', 'at most so many changes', parseCount, 20)
    .option('--json', 'machine-readable output')
    .action((model: string, options: HistoryOptions) =>
      execute(options, (context) => history(context, model, options.limit)),
    );
}

/** A row for each change, and below it, indented, whom it hurt and why it was made: sentences would push the columns apart. */
async function history({ registry, host }: Context, model: string, limit: number): Promise<Report> {
  // The one before the oldest tells what that one changed.
  const routes = await registry.history(model, limit + 1);
  const shown = routes.slice(0, limit);
  if (shown.length === 0) return { lines: [`${model}: no version was ever active`], value: { routes: [] } };
  const columns = host.screenColumns ?? usualColumns;
  const isNarrow = columns < leastWithShares;
  const rows = shown.map((route, index) => [
    String(route.epoch),
    route.audit.at.slice(0, 19).replace('T', ' '),
    route.audit.actor,
    describeAction(route, routes[index + 1]),
    route.aliases.stable ?? '',
    ...(isNarrow ? [] : [describeShare(route.rollout), describeShare(route.shadow)]),
  ]);
  const header = ['EPOCH', 'WHEN (UTC)', 'WHO', 'ACTION', 'SERVING', ...(isNarrow ? [] : ['CANARY', 'SHADOW'])];
  const [top = [], ...lines] = fitted([header, ...rows], host.screenColumns);
  const indent = ' '.repeat('EPOCH  '.length);
  const below = ({ audit, rollout, shadow }: Route) =>
    [
      ...(isNarrow && rollout !== null ? [`canary ${describeShare(rollout)}`] : []),
      ...(isNarrow && shadow !== null ? [`shadow ${describeShare(shadow)}`] : []),
      ...(audit.breaking ?? []).map((text) => `breaks callers: ${text}`),
      ...(audit.reason ? [audit.reason] : []),
    ]
      .flatMap((text) => wrapped(text, Math.max(20, columns - indent.length)))
      .map((text) => `${indent}${text}`);
  return {
    lines: [...top, ...lines.flatMap((row, index) => [...row, ...shown.slice(index, index + 1).flatMap(below)])],
    value: { routes: shown },
  };
}

/**
 * A name of 128 characters would push the other columns out of sight, and those must fit a terminal; --json has it whole. Where a
 * short name is not enough, cells go on in the next line.
 */
function fitted(rows: readonly (readonly string[])[], columns: number | null): string[][] {
  const withNames = (longest: number, width: number | null) =>
    rowLines(
      { rows: rows.map((row) => row.map((cell, at) => (at === whoColumn ? shortened(cell, longest) : cell))) },
      width,
    );
  const lines = withNames(longestName, null);
  const excess = columns === null ? 0 : largest(lines.flat().map(({ length }) => length)) - columns;
  return excess <= 0 ? lines : withNames(Math.max(shortestName, longestName - excess), columns);
}

function shortened(name: string, longest: number): string {
  return name.length > longest ? `${name.slice(0, longest - 1)}…` : name;
}

/** @param before the route that this one replaced; undefined for the first */
function describeAction({ audit, aliases }: Route, before: Route | undefined): string {
  if (audit.action !== 'alias') return audit.action;
  const names = new Set([...Object.keys(aliases), ...Object.keys(before?.aliases ?? {})]);
  const moved = [...names].find((name) => aliases[name] !== before?.aliases[name]);
  if (moved === undefined) return audit.action;
  return aliases[moved] === undefined ? `unalias ${moved}` : `alias ${moved}=${aliases[moved]}`;
}
