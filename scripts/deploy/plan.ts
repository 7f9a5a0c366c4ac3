// From what is asked for and what is there to the steps that are missing. Pure, so that a repeat after any interruption plans
// exactly what is left.
import { basename } from 'node:path';
import { secretNames, tokenSecret } from './checks.ts';
import type { Found } from './look.ts';
import { deployedConfig } from './second-engine.ts';
import type { Bucket, Target } from './target.ts';

export type Step =
  | { readonly kind: 'create-bucket'; readonly bucket: Bucket }
  | { readonly kind: 'create-namespace'; readonly binding: string; readonly title: string }
  /** `id` is null if the namespace is made in the step before. */
  | { readonly kind: 'write-id'; readonly binding: string; readonly title: string; readonly id: string | null }
  | { readonly kind: 'make-token' }
  /** The platform refuses a binding to a Worker that is not there: it goes first. */
  | { readonly kind: 'upload-engine'; readonly config: string; readonly worker: string }
  /** The secrets go up with the code, so that no moment exists at which the Worker runs without them. */
  | { readonly kind: 'upload'; readonly secrets: readonly string[] }
  | { readonly kind: 'verify' };

export interface TokenAtHand {
  /** Values that were given for secrets, by name. */
  readonly given: ReadonlySet<string>;
  /** An interrupted run has made a token and not shown it. */
  readonly pending: boolean;
}

export function plan(target: Target, found: Found, { given, pending }: TokenAtHand): Step[] {
  const missing = secretNames(target).filter((name) => !found.secrets.has(name));
  const steps: Step[] = [];
  for (const bucket of target.buckets)
    if (!found.buckets.has(bucket.name)) steps.push({ kind: 'create-bucket', bucket });
  for (const { binding, id, title } of target.namespaces) {
    if (id !== null) continue;
    const known = [...found.namespaces].find(([, one]) => one === title)?.[0] ?? null;
    if (known === null) steps.push({ kind: 'create-namespace', binding, title });
    steps.push({ kind: 'write-id', binding, title, id: known });
  }
  if (missing.includes(tokenSecret) && !given.has(tokenSecret) && !pending) steps.push({ kind: 'make-token' });
  const engine = deployedConfig(target.litert);
  if (engine !== null) steps.push({ kind: 'upload-engine', config: engine, worker: target.litert.bound ?? '' });
  return [...steps, { kind: 'upload', secrets: missing }, { kind: 'verify' }];
}

/** What a step does, in words that a person reads before it is done. */
export function describeStep(step: Step, target: Target): string {
  const file = basename(target.config);
  switch (step.kind) {
    case 'create-bucket':
      return `create the R2 bucket ${step.bucket.name} for ${step.bucket.binding}`;
    case 'create-namespace':
      return `create the KV namespace ${step.title} for ${step.binding}`;
    case 'write-id':
      return `write the id of ${step.title}${step.id === null ? '' : ` (${step.id})`} into ${file}`;
    case 'make-token':
      return "make an operator's token and keep it until it has been shown";
    case 'upload-engine':
      return `deploy the Worker ${step.worker} of ${basename(step.config)}, the second engine`;
    case 'upload':
      return `deploy the Worker ${target.worker}${step.secrets.length === 0 ? '' : ` with the secrets ${step.secrets.join(' and ')}`}`;
    case 'verify':
      return 'verify the deployed Worker through its URL';
  }
}
