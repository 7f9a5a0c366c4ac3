// Which form of the model is published: the converted one if it gives the original's answers in the isolate's heap, else the file itself.

import { mebibyte, mebibytes } from '../../registry/mebibytes.ts';
import type { Artifact, ChosenArtifact } from '../inspect/artifact.ts';
import type { Inspector } from '../inspect/inspector.ts';
import { unprocessable } from '../inspect/refusal.ts';
import { type CheckLimits, checkProfile } from './artifact-check.ts';
import { memoryRefusal, type Sample } from './samples.ts';

type ArtifactCheck = ChosenArtifact | { readonly kind: 'too-large' | 'faulty'; readonly reason: string };

const artifactNames = { ort: 'the model converted to ORT format', onnx: 'the .onnx' };

/**
 * @param candidates best first
 * @param note is told why a candidate or a profile is not offered
 * @throws PopserveError UNPROCESSABLE with the last candidate's fault if none will do
 */
export async function chooseArtifact(
  inspector: Inspector,
  candidates: readonly Artifact[],
  samples: readonly Sample[],
  limits: CheckLimits,
  note: (text: string) => void,
): Promise<ChosenArtifact> {
  let fault: Exclude<ArtifactCheck, ChosenArtifact> | undefined;
  for (const artifact of candidates) {
    const check = await checkArtifact(inspector, artifact, samples, limits, note);
    if ('artifact' in check) return check;
    const isLast = artifact === candidates.at(-1);
    const what = check.kind === 'too-large' ? 'does not fit into the isolate' : 'is not used';
    if (!isLast) note(`${artifactNames[artifact.format]} ${what}: ${check.reason}`);
    // A form that does not fit is the better reason: a fault of the next form may be a consequence.
    if (fault?.kind !== 'too-large') fault = check;
  }
  if (fault?.kind === 'too-large') throw memoryRefusal(fault.reason, 'what is served');
  throw unprocessable(`the model does not work in the isolate: ${fault?.reason ?? 'nothing to publish'}`);
}

/** `lean` has to work; `fast` is offered where it works too. */
async function checkArtifact(
  inspector: Inspector,
  artifact: Artifact,
  samples: readonly Sample[],
  limits: CheckLimits,
  note: (text: string) => void,
): Promise<ArtifactCheck> {
  const budgetBytes = limits.memoryBudgetMib * mebibyte;
  if (artifact.bytes.length >= budgetBytes) {
    return {
      kind: 'too-large',
      reason: `its weights alone have ${mebibytes(artifact.bytes.length)}, limit ${limits.memoryBudgetMib} MiB`,
    };
  }
  let fault: Exclude<ArtifactCheck, ChosenArtifact> = { kind: 'faulty', reason: '' };
  for (const optimization of ['all', 'disabled'] as const) {
    const lean = await checkProfile(inspector, artifact, 'lean', optimization, samples, limits);
    if (lean.kind !== 'good') {
      if (fault.reason === '') fault = lean;
      if (lean.kind === 'too-large') break;
      continue;
    }
    const fast = await checkProfile(inspector, artifact, 'fast', optimization, samples, limits);
    if (fast.kind === 'good') {
      return { artifact, optimization, profiles: { lean: lean.measures, fast: fast.measures } };
    }
    const what = fast.kind === 'too-large' ? 'does not fit into the isolate' : 'is not offered';
    note(`the profile 'fast' ${what}: ${fast.reason}`);
    return { artifact, optimization, profiles: { lean: lean.measures } };
  }
  return fault;
}
