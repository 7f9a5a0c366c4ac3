// Asks the deployed Worker through its URL, as its callers will: does it serve, is it closed, does the operator's token open it.
import { setTimeout as delay } from 'node:timers/promises';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** The finding, or the fault and what to do. */
  readonly detail: string;
}

export interface Expected {
  readonly url: URL;
  /** Null if nobody knows it here: what it opens is not asked. */
  readonly token: string | null;
  readonly access: 'open' | 'keyed';
  /** How long a new address may take to answer. */
  readonly patienceMs: number;
  readonly wait?: (ms: number) => Promise<unknown>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

const requestTimeoutMs = 30_000;

export async function verify(expected: Expected): Promise<Check[]> {
  const ask = asker(expected);
  const health = await patiently(expected, () => ask('v2/health/live'));
  if (health.status !== 200) return [failed('health', `${expected.url} does not serve: ${told(health)}`)];
  const checks = [passed('health', `${expected.url} serves`), await checkName(ask), await checkClosed(ask)];
  if (expected.token !== null) checks.push(await checkToken(ask, expected.token));
  checks.push(await checkAccess(ask, expected.access), checkTransport(expected.url));
  return checks;
}

type Ask = (path: string, token?: string) => Promise<Answer>;

function asker({ url }: Expected): Ask {
  return async (path, token) => {
    try {
      const response = await fetch(new URL(path, url), {
        redirect: 'manual',
        signal: AbortSignal.timeout(requestTimeoutMs),
        // Another version may answer on a connection that is kept.
        headers: { connection: 'close', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      });
      return { status: response.status, body: await response.text() };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      return { status: 0, body: cause };
    }
  };
}

/** A new address has no certificate and no name for its first minute. */
async function patiently({ patienceMs, wait = delay }: Expected, ask: () => Promise<Answer>): Promise<Answer> {
  let waitedMs = 0;
  for (let pauseMs = 500; ; pauseMs = Math.min(2 * pauseMs, 8000)) {
    const answer = await ask();
    if (answer.status === 200 || waitedMs + pauseMs > patienceMs) return answer;
    await wait(pauseMs);
    waitedMs += pauseMs;
  }
}

async function checkName(ask: Ask): Promise<Check> {
  const answer = await ask('v2');
  const name = answer.status === 200 ? /"name":"popserve","version":"([^"]*)"/.exec(answer.body)?.[1] : undefined;
  return name === undefined
    ? failed('server', `expected popserve, got ${told(answer)}; does the URL lead to this Worker?`)
    : passed('server', `popserve ${name}`);
}

async function checkClosed(ask: Ask): Promise<Check> {
  const answer = await ask('registry/models');
  if (answer.status === 401) return passed('control plane', 'closed without a token');
  if (answer.status === 503)
    return failed('control plane', 'off: the Worker has no ADMIN_TOKEN; run the command again');
  return failed('control plane', `expected a refusal without a token, got ${told(answer)}`);
}

async function checkToken(ask: Ask, token: string): Promise<Check> {
  const answer = await ask('registry/models', token);
  if (answer.status === 200) return passed('token', "the operator's token opens the control plane, R2 answers");
  if (answer.status === 401)
    return failed(
      'token',
      "the operator's token is not the Worker's; set the right one, or a new one with 'npx wrangler secret put ADMIN_TOKEN', in the environment that was deployed",
    );
  return failed('token', `expected the list of models, got ${told(answer)}`);
}

/** As a stranger would, for a model that is nowhere. */
async function checkAccess(ask: Ask, access: Expected['access']): Promise<Check> {
  const answer = await ask('v2/models/deploy-looks-for-access/ready');
  const found = answer.status === 401 ? 'keyed' : answer.status === 404 ? 'open' : null;
  if (found === null) return failed('inference', `expected a refusal or a missing model, got ${told(answer)}`);
  if (found !== access) return failed('inference', `expected ${access} access, as configured, and it is ${found}`);
  return passed(
    'inference',
    found === 'keyed' ? 'keyed: only callers with a credential are answered' : 'OPEN: everybody is answered',
  );
}

function checkTransport({ protocol, hostname, href }: URL): Check {
  if (protocol === 'https:') return passed('transport', 'encrypted');
  const local = hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
  return local
    ? passed('transport', 'stays on this machine')
    : failed('transport', `${href} would carry the operator's token unencrypted; use https`);
}

function told({ status, body }: Answer): string {
  return status === 0 ? body : `status ${status} (${body.slice(0, 120).trim()})`;
}

function passed(name: string, detail: string): Check {
  return { name, ok: true, detail };
}

function failed(name: string, detail: string): Check {
  return { name, ok: false, detail };
}
