// The parts of its process that the command needs, in one object, so that a test can run it without one.
import type { Progress } from '../publish/options.ts';
import type { Publication, PublishOptions } from '../validation/publication.ts';

export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output: results only. */
  out(text: string): void;
  /** Standard error: progress and errors. */
  err(text: string): void;
  /** How wide the terminal is that standard error goes to; null if it goes elsewhere. */
  readonly terminalColumns: number | null;
  /** The same of standard output. */
  readonly screenColumns: number | null;
  /** Where standard error is no terminal: from here a step that goes on is told in a line of its own. Without it, never. */
  readonly slowStepMs?: number;
  readStdin(): Promise<Uint8Array>;
  wait(ms: number): Promise<void>;
  now(): Date;
  /** The publish pipeline. */
  prepare(options: PublishOptions, progress: Progress): Promise<Publication>;
}
