// What all calls of a model share: its path, and how an answer says where it comes from.
import { PopserveError } from './errors.ts';
import type { Provenance } from './options.ts';
import type { Received } from './send.ts';
import { textDecoder } from './tensors.ts';

export function pathOf(model: string, version: string | undefined): string {
  const path = `v2/models/${encodeURIComponent(model)}`;
  return version === undefined ? path : `${path}/versions/${encodeURIComponent(version)}`;
}

export function provenance(model: string, { headers }: Received): Provenance {
  return {
    model,
    version: headers.get('popserve-version') ?? '',
    epoch: Number(headers.get('popserve-epoch')),
    digest: headers.get('popserve-digest') ?? '',
    ranAt: 'pop',
    pop: headers.get('popserve-pop'),
  };
}

export function jsonOf({ body }: Received): unknown {
  try {
    return JSON.parse(textDecoder.decode(body));
  } catch (cause) {
    throw new PopserveError('BAD_ANSWER', `the answer is not JSON: ${cause}`, { cause });
  }
}
