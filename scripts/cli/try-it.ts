// How to ask a version that has just been activated: commands that work when they are pasted. Only a picture is the caller's own.
import type { Manifest } from '../../registry/manifest.ts';
import { shellLine } from '../../registry/shell-words.ts';
import { exampleRequest } from './example-request.ts';

/** A longer request is kept in a file: it would fill the screen. */
const longestInline = 1500;

export interface TryIt {
  /** In the order in which they are pasted. */
  readonly commands: readonly string[];
  /** The one that asks. */
  readonly curl: string;
}

/**
 * @param url the PoP's, ending with `/`
 * @param minEpoch the release that the answer must know of
 * @returns null for a version that is known to run on nothing
 */
export function tryIt(manifest: Manifest, url: URL, minEpoch: number): TryIt | null {
  const { model, pipeline } = manifest;
  const endpoint = new URL(`v2/models/${model}/infer`, url).href;
  const curl = (contentType: string, words: readonly string[]) => {
    const headers = ['-H', `popserve-min-epoch: ${minEpoch}`, '-H', `content-type: ${contentType}`];
    return shellLine(['curl', '-s', endpoint, ...headers, ...words]);
  };
  const only = (line: string): TryIt => ({ commands: [line], curl: line });
  if (pipeline !== undefined) {
    return only(
      'image' in pipeline
        ? curl('image/jpeg', ['--data-binary', '@picture.jpg'])
        : curl('text/plain', ['--data-binary', 'A text to try']),
    );
  }
  const request = exampleRequest(manifest);
  if (request === null) return null;
  const output = request.isBinaryAnswer ? ['-o', 'answer.bin'] : [];
  if (request.json.length <= longestInline) return only(curl('application/json', ['-d', request.json, ...output]));
  const line = curl('application/json', ['--data-binary', '@request.json', ...output]);
  return { commands: [`npx popserve infer ${model} --example > request.json`, line], curl: line };
}
