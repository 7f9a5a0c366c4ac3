// Calls of Triton that make no sense at a PoP, or that it does not have. Each says so with 501, so that nobody looks for a wrong path.
import { Hono } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import type { AppContext } from '../http/app-context.ts';
import { needsOnly } from '../middleware/needs.ts';

const sharedMemory =
  "shared memory is not supported: a PoP has no memory in common with its callers; send tensors as 'data' or with 'binary_data_size'";
const trace =
  'trace settings are not supported: a call is traced if it sends the header traceparent, and the operator decides where spans go';
const logging = "log settings are not supported: the platform's logs are the operator's";
const generate = 'the generate extension is not supported: ask with infer';

const refusals: Readonly<Record<string, string>> = {
  '/systemsharedmemory': sharedMemory,
  '/cudasharedmemory': sharedMemory,
  '/trace': trace,
  '/models/:model/trace': trace,
  '/models/:model/versions/:version/trace': trace,
  '/logging': logging,
  '/models/:model/generate': generate,
  '/models/:model/generate_stream': generate,
  '/models/:model/versions/:version/generate': generate,
  '/models/:model/versions/:version/generate_stream': generate,
  '/models/:model/infer_stream': 'infer_stream is not supported: ask with infer',
  '/models/:model/versions/:version/infer_stream': 'infer_stream is not supported: ask with infer',
};

/** Whatever the method, and whatever follows in the path: the answer is about the extension and not about a model. */
export const unsupportedRoutes = new Hono<AppContext>();

for (const [path, refusal] of Object.entries(refusals)) {
  unsupportedRoutes.all(`${path}/*`, needsOnly('infer', 'read'), () => {
    throw new PopserveError('UNSUPPORTED', refusal);
  });
}
