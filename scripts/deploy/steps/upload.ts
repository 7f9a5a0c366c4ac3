// Uploads the Worker and the secrets that it lacks in one call, and points all traffic to it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PopserveError } from '../../../registry/errors.ts';
import { type Deployed, type Ended, requireOk, type Wrangler } from '../wrangler.ts';

/** Refusals that a person can do something about in one sentence. */
const advice: Readonly<Record<number, string>> = {
  10027: 'the Worker is larger than the plan allows',
  10063: 'the account has no workers.dev name yet; open Workers in the dashboard once',
  100328: 'the account is on the Free plan: take the limits with cpu_ms out of the file, or move to Workers Paid',
};

/** @param secrets values by name; those that the Worker has and that are not among them stay */
export async function upload(wrangler: Wrangler, secrets: ReadonlyMap<string, string>): Promise<Deployed> {
  const scratch = await mkdtemp(join(tmpdir(), 'popserve-secrets-'));
  try {
    const args = ['deploy'];
    if (secrets.size > 0) {
      const file = join(scratch, 'secrets.json');
      // Not as an argument, because process lists show those.
      await writeFile(file, JSON.stringify(Object.fromEntries(secrets)), { mode: 0o600 });
      args.push('--secrets-file', file);
    }
    const ended = await wrangler.run(args);
    requireOk(ended, `the deployment is not complete${advised(ended)}`);
    if (!ended.deployment) throw new PopserveError('INTERNAL', 'wrangler ended well and told of no deployment');
    return ended.deployment;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function advised({ code }: Ended): string {
  const text = code === null ? undefined : advice[code];
  return text === undefined ? '' : ` (${text})`;
}
