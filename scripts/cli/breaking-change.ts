// A change that would break callers: one table of what breaks whom, and the command that does it all the same.
import type { Break, ContractConflict } from '../../registry/api/contract.ts';
import { describePart } from '../../registry/contract/breaks.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { Route } from '../../registry/route.ts';
import type { Context } from './context.ts';
import { type Line, type Report, table } from './report.ts';
import { UsageError } from './usage-error.ts';

export interface BreakingOptions {
  breaking?: boolean;
  reason?: string;
}

/** @throws {UsageError} if a change that breaks callers has no reason */
export function checkBreaking({ breaking, reason }: BreakingOptions): void {
  if (breaking && !reason?.trim())
    throw new UsageError('--breaking needs --reason: the history keeps why callers broke');
}

/** @param versions the one that callers have now, and the one that they would get */
export function breakTable(
  breaks: readonly Break[],
  { served, next }: Pick<ContractConflict, 'served' | 'next'>,
): Line[] {
  const rows = breaks.map((found) => [describePart(found), found.was, found.becomes, found.who, found.how]);
  return table([['CONTRACT', served, next, 'WHO', 'WHAT HAPPENS'], ...rows]);
}

/**
 * Runs a change of a route. If the registry refuses it for its callers' sake, reports the table instead.
 * @param options of the command as it was typed
 * @param reasonHint the reason in the command to paste, if none was given
 */
export async function orWhatBreaks(
  context: Context,
  options: BreakingOptions,
  change: () => Promise<Report>,
  reasonHint?: (served: string) => string,
): Promise<Report> {
  try {
    return await change();
  } catch (error) {
    if (!(error instanceof PopserveError) || error.contract === undefined) throw error;
    return describeConflict(context, error.contract, options, reasonHint);
  }
}

/** The refusal, by the registry or before it was asked. */
export function describeConflict(
  context: Context,
  contract: ContractConflict,
  { reason }: BreakingOptions,
  reasonHint: (served: string) => string = () => 'WHY',
): Report {
  const { served, next, under, breaks } = contract;
  const error =
    under === 'shadow'
      ? `${next} cannot be compared with ${served}; nothing was changed`
      : `${next} as ${under} would break callers of ${served}; nothing was changed`;
  const command = context.again(['--breaking', ...(reason === undefined ? ['--reason', reasonHint(served)] : [])]);
  return {
    lines: [error, ...breakTable(breaks, contract), `to do it all the same: ${command}`],
    value: { error, code: 'CONFLICT', contract, command },
    failed: true,
  };
}

/** `--breaking` is no habit: it is said where it was not needed. */
export function remarkOnBreaking({ breaking }: BreakingOptions, route: Route): string[] {
  const wasNeeded = route.audit.breaking !== undefined;
  return breaking && !wasNeeded
    ? ['--breaking was not needed: no caller is hurt, and it is not kept in the history']
    : [];
}
