// What of an answer's text does not depend on the elements of its tensors.
import type { Datatype } from '../../registry/datatype.ts';
import type { SealedHead } from './envelope.ts';

export interface AnsweredTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly binary: boolean;
  /** The start of each message about it: `output 'y'`. */
  readonly where: string;
}

export interface AnswerForm {
  readonly tensors: readonly AnsweredTensor[];
  /** The text between the elements of tensors that are JSON, which has one piece more than there are such tensors. */
  readonly pieces: readonly string[];
  /** The text as bytes, where no tensor is JSON. */
  readonly head: SealedHead | null;
}
