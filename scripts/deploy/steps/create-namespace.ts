// Creates a KV namespace and finds its id by its title: the answer of the creation may have been lost, the list tells it always.
import { PopserveError } from '../../../registry/errors.ts';
import { lookForNamespace } from '../look.ts';
import { requireOk, type Wrangler } from '../wrangler.ts';

/** "a namespace with this account ID and title already exists" */
const alreadyThere = 10014;

/** @returns the id */
export async function createNamespace(wrangler: Wrangler, title: string): Promise<string> {
  const ended = await wrangler.run(['kv', 'namespace', 'create', title], { inEnvironment: false });
  if (ended.code !== alreadyThere) requireOk(ended, `the KV namespace ${title} was not created`);
  const id = await lookForNamespace(wrangler, title);
  if (id === null)
    throw new PopserveError(
      'UNAVAILABLE',
      `the KV namespace ${title} was created and is not listed yet; run the command again`,
    );
  return id;
}
