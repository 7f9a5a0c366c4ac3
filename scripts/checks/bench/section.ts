// The input of a benchmark's section and its result for the page.

import type { Summary } from '../summarise.ts';
import type { Bundles } from './bundles.ts';
import type { ModelShelf } from './models.ts';

export interface BenchContext {
  readonly bundles: Bundles;
  readonly models: ModelShelf;
  /** Fewer rounds: to see that it works, not for figures. */
  readonly quick: boolean;
  /** Tells the person who waits what is being done. */
  note(message: string): void;
}

/** A number that was promised. */
export interface Figure {
  readonly what: string;
  readonly reach: string;
  readonly measured: string;
  readonly met: boolean;
  /** Why it is missed, where it is known. */
  readonly reason?: string;
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

interface Bar {
  readonly name: string;
  readonly value: Summary;
  /** Whether it is popserve. */
  readonly isOwn: boolean;
}

export interface Chart {
  /** Under 50 characters. */
  readonly title: string;
  /** Names the values and their unit in less than 40 characters. */
  readonly unit: string;
  readonly better: 'more' | 'less';
  /** Sentences on how it was measured. */
  readonly note: string;
  readonly bars: readonly Bar[];
}

/** The time or memory that contestants took in the same rounds, kept by `--record` for a later `--compare`. */
export interface Series {
  /** Unique in its section. */
  readonly name: string;
  /** The contestant that popserve's changes do not touch: rounds of two runs are compared by their ratio to it. */
  readonly reference: string;
  /** One value per round and contestant. */
  readonly values: Readonly<Record<string, readonly number[]>>;
}

export interface SectionResult {
  readonly title: string;
  /** How each contestant was started and what was measured, one sentence each. */
  readonly how: readonly string[];
  readonly tables: readonly Table[];
  readonly figures: readonly Figure[];
  /** How long the section took, preparation included. */
  readonly seconds?: number;
  readonly series?: readonly Series[];
  /** Drawn beside the page. */
  readonly chart?: Chart;
}

export interface Section {
  readonly name: string;
  run(context: BenchContext): Promise<SectionResult>;
}
