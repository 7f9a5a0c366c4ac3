// Faults of the API by call: a call fails each time it is made, retries included, until the fault is lifted.

export const faultKinds = [
  /** Refused with 429; nothing was done. */
  'rate-limited',
  /** Answered with 500; nothing was done. */
  'internal-error',
  /** The connection ends before anything was done. */
  'dropped',
  /** The connection ends after the work was done and before the answer: the caller cannot know. */
  'dropped-after',
] as const;

export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  /** As the log names calls: `PUT workers/scripts/{script}`. */
  readonly call: string;
  readonly kind: FaultKind;
}
