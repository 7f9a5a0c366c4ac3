// Every kind of attack, in the order in which they run.
import type { Kind } from './kind.ts';
import { anonymousCalls } from './kinds/anonymous-calls.ts';
import { base64 } from './kinds/base64.ts';
import { classification } from './kinds/classification.ts';
import { containers } from './kinds/containers.ts';
import { endlessModelKind } from './kinds/endless-model.ts';
import { endlessUploads } from './kinds/endless-uploads.ts';
import { exactIntegers } from './kinds/exact-integers.ts';
import { foreignBlob } from './kinds/foreign-blob.ts';
import { foreignCopies } from './kinds/foreign-copies.ts';
import { idleBodies } from './kinds/idle-bodies.ts';
import { junkCredentials } from './kinds/junk-credentials.ts';
import { longStrings } from './kinds/long-strings.ts';
import { malformedEnd } from './kinds/malformed-end.ts';
import { manifests } from './kinds/manifests.ts';
import { manyParameters } from './kinds/many-parameters.ts';
import { memory } from './kinds/memory.ts';
import { refusedRequests } from './kinds/refused-requests.ts';
import { slowBodies } from './kinds/slow-bodies.ts';
import { stringsForNumbers } from './kinds/strings-for-numbers.ts';
import { zeroSizes } from './kinds/zero-sizes.ts';

export const kinds: readonly Kind[] = [
  stringsForNumbers,
  exactIntegers,
  malformedEnd,
  containers,
  manyParameters,
  base64,
  classification,
  zeroSizes,
  longStrings,
  manifests,
  idleBodies,
  slowBodies,
  endlessUploads,
  anonymousCalls,
  junkCredentials,
  refusedRequests,
  foreignBlob,
  foreignCopies,
  endlessModelKind,
  memory,
];
