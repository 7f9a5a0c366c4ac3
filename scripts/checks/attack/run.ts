// Runs kinds of attack one after the other, on one PoP as long as it is well.
import type { Kind, KindReport } from './kind.ts';
import { measureFlood } from './measure.ts';
import { startTarget, type Target } from './target.ts';
import { Victim } from './victim.ts';

/** A machine with other work slows single answers down. A kind that is past a limit is measured again, and has to stay within once. */
const mostTries = 3;

/**
 * @param seconds for each kind, about
 * @param onReport told of each kind when it is done
 */
export async function attack(
  kinds: readonly Kind[],
  seconds: number,
  onReport: (report: KindReport, tries: number) => void,
): Promise<readonly KindReport[]> {
  await using targets = new Targets();
  const reports: KindReport[] = [];
  for (const kind of kinds) {
    let tries = 0;
    for (;;) {
      tries++;
      const report = 'run' in kind ? await kind.run({ seconds }) : await measure(kind, targets, seconds);
      // Only what a busy machine can cause is tried again.
      const isFinal = report.faults.length === 0 || Object.keys(report.victimErrors).length > 0 || tries === mostTries;
      if (!isFinal) continue;
      reports.push(report);
      onReport(report, tries);
      break;
    }
  }
  return reports;
}

async function measure(kind: Exclude<Kind, { run: unknown }>, targets: Targets, seconds: number): Promise<KindReport> {
  const target = await targets.get();
  try {
    return await measureFlood(target, kind, seconds);
  } catch (error) {
    // The next kind gets another PoP.
    await targets.drop();
    return {
      ...{
        name: kind.name,
        quiet: null,
        during: null,
        fired: 0,
        got: {},
        cpuMs: null,
        heldBytes: null,
        seenBytes: null,
      },
      victimErrors: { [String(error)]: 1 },
      faults: [`it could not be measured: ${error instanceof Error ? error.message : String(error)}`],
    };
  }
}

/** The PoP that floods share; another one takes its place when its victim is not served any more. */
class Targets implements AsyncDisposable {
  #target: Target | null = null;

  async get(): Promise<Target> {
    if (this.#target !== null && !(await isWell(this.#target))) await this.drop();
    this.#target ??= await startTarget();
    return this.#target;
  }

  async drop(): Promise<void> {
    await this.#target?.pop.stop();
    this.#target = null;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.drop();
  }
}

async function isWell(target: Target): Promise<boolean> {
  using victim = new Victim(target);
  return (await victim.once()) === null;
}
