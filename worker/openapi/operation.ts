// One operation of the description, in words. What is mounted where comes from the app, the schemas from registry/api.
import type * as z from 'zod';
import type { AnswerHeader, RequestHeader } from './headers.ts';
import type { AnswerName, RequestName } from './schemas.ts';

export const tags = {
  Inference: 'Ask a model, with tensors or with plain records.',
  Models: 'What is served, in which state and how much.',
  OpenAI: 'The same models for clients of OpenAI.',
  'TensorFlow Serving': 'The same models for clients of TensorFlow Serving.',
  Health: 'Does the server live, and what can it do?',
  Registry: 'The control plane: blobs, versions, routes, keys.',
  Description: 'This description, for programs and for people.',
} as const;

export interface Body {
  /** Several: one of them. `bytes` is any file. */
  readonly content: RequestName | readonly RequestName[] | 'bytes';
  /** The tensors may follow the JSON part in binary. */
  readonly binary?: true;
  /** A picture or a text may be the body, or stand in a form. */
  readonly media?: true;
  /** Without a body the call means what it means with an empty one. */
  readonly optional?: true;
  readonly example?: unknown;
}

export interface Answer {
  /** Several: one of them. `metrics` is Prometheus' text, `lines` a JSON value each, `none` an empty body. */
  readonly content: AnswerName | readonly AnswerName[] | 'bytes' | 'page' | 'metrics' | 'lines' | 'none';
  /** The tensors may follow the JSON part in binary. */
  readonly binary?: true;
  /** Beside `popserve-pop`, which every answer has. */
  readonly headers?: readonly AnswerHeader[];
  /** The statuses of success; default 200. */
  readonly statuses?: readonly (200 | 201 | 202 | 206 | 304)[];
  /** The form of refusals; default: `Error`. */
  readonly refusals?: AnswerName;
}

export interface Operation {
  /** The name of the call in generated clients; it never changes. */
  readonly id: string;
  readonly tag: keyof typeof tags;
  readonly summary: string;
  /** Where the mounted path is a pattern. */
  readonly path?: string;
  /** `features`: each feature of the model by its name. */
  readonly query?: z.ZodObject | 'features';
  readonly headers?: readonly RequestHeader[];
  readonly body?: Body;
  readonly answer: Answer;
}

/** By verb and path as they are mounted. */
export type Operations = Readonly<Record<string, Operation>>;
