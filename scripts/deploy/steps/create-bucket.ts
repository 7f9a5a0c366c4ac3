// Creates an R2 bucket. An earlier run may have created it without learning so: that it exists is no fault then.
import type { Bucket } from '../target.ts';
import { requireOk, type Wrangler } from '../wrangler.ts';

/** "The bucket you tried to create already exists, and you own it." */
const alreadyOwned = 10004;

export async function createBucket(wrangler: Wrangler, { name, jurisdiction }: Bucket): Promise<void> {
  const where = jurisdiction === undefined ? [] : ['--jurisdiction', jurisdiction];
  const ended = await wrangler.run(['r2', 'bucket', 'create', name, ...where], { inEnvironment: false });
  if (ended.code !== alreadyOwned) requireOk(ended, `the bucket ${name} was not created`);
}
