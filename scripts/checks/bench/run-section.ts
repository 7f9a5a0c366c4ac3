// One section of a run that takes long: a fault in it is told in its place, and the sections after it are measured all the same.
import type { BenchContext, Section, SectionResult } from './section.ts';

export interface SectionRun {
  readonly result: SectionResult;
  readonly failed: boolean;
}

/** @returns what the section measured, or one missed figure with what stopped it */
export async function runSection(section: Section, context: BenchContext): Promise<SectionRun> {
  try {
    return { result: await section.run(context), failed: false };
  } catch (error) {
    const { name } = section;
    const message = error instanceof Error ? error.message : String(error);
    context.note(`${name} failed: ${error instanceof Error ? (error.stack ?? message) : message}`);
    const [what = ''] = message.split('\n');
    return { result: failedSection(name, what), failed: true };
  }
}

function failedSection(name: string, reason: string): SectionResult {
  return {
    title: `The section '${name}' failed`,
    how: [`It ended with an error, so that nothing of it was measured: ${reason}`],
    tables: [],
    figures: [{ what: `section '${name}'`, reach: 'ends without an error', measured: 'failed', met: false, reason }],
  };
}
