import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createSecureServer } from 'node:tls';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Call, Connection, urlPath } from '../../../scripts/cli/connection.ts';
import { readSettings } from '../../../scripts/cli/settings.ts';
import { ScriptedPop, token } from './scripted-pop.ts';

const look: Call = { method: 'GET', path: 'registry/models', authorized: true, repeat: 'always' };
const change: Call = {
  method: 'POST',
  path: 'registry/models/m/routes',
  body: '{}',
  authorized: true,
  repeat: 'refused',
};

const pop = ScriptedPop.perCase();
let waits: number[];

function connect(environment: Record<string, string> = { POPSERVE_TOKEN: token }): Connection {
  return new Connection(readSettings({ POPSERVE_URL: pop.url, ...environment }), async (ms) => waits.push(ms));
}

/** Answers the first calls with these, then 200. */
function script(...answers: ReturnType<ScriptedPop['intercept']>[]): void {
  pop.intercept = () => answers.shift() ?? { status: 200, body: { fine: true } };
}

beforeEach(async () => {
  waits = [];
});

describe('Connection', () => {
  it('tries again with growing delays while a PoP is away for a moment', async () => {
    script({ status: 503 }, { status: 502 }, 'drop');
    expect((await connect().send(look)).status).toBe(200);
    expect(pop.calls).toHaveLength(4);
    expect(waits).toEqual([200, 400, 800]);
  });

  it('waits as long as Retry-After says', async () => {
    script(
      { status: 429, headers: { 'retry-after': '7' }, body: { error: 'slow down' } },
      { status: 503, headers: { 'retry-after': new Date(Date.now() + 20_000).toUTCString() } },
    );
    await connect().send(look);
    expect(waits[0]).toBe(7000);
    // The date has whole seconds, and some time has passed since it was made.
    expect(waits[1]).toBeGreaterThan(10_000);
    expect(waits[1]).toBeLessThanOrEqual(20_000);
  });

  it('reports rather than waits when Retry-After is long', async () => {
    script({ status: 429, headers: { 'retry-after': '3600' }, body: { error: 'come tomorrow' } });
    await expect(connect().send(look)).rejects.toMatchObject({ message: 'come tomorrow', retryAfterSeconds: 3600 });
    expect(waits).toEqual([]);
  });

  it('gives up after five attempts with the last message', async () => {
    pop.intercept = () => ({ status: 429, body: { error: 'too much' } });
    await expect(connect().send(look)).rejects.toMatchObject({ code: 'RATE_LIMITED', message: 'too much' });
    expect(pop.calls).toHaveLength(5);
  });

  it('does not repeat a change that may have been made', async () => {
    script('drop');
    await expect(connect().send(change)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(pop.calls).toHaveLength(1);
  });

  it('repeats a change that was refused for its rate', async () => {
    script({ status: 429 });
    expect((await connect().send(change)).status).toBe(200);
    expect(pop.calls).toHaveLength(2);
  });

  it('takes a 503 with a reason and no Retry-After for a decision', async () => {
    script({ status: 503, body: { error: 'the control plane is off' } });
    await expect(connect().send(look)).rejects.toThrow('the control plane is off');
    expect(pop.calls).toHaveLength(1);
  });

  it.each([
    [400, 'INVALID_ARGUMENT'],
    [404, 'NOT_FOUND'],
    [409, 'CONFLICT'],
    [418, 'INVALID_ARGUMENT'],
    [422, 'UNPROCESSABLE'],
    [500, 'INTERNAL'],
  ])('turns status %i into %s with the message of the server', async (status, code) => {
    script({ status, body: { error: 'this is why' } });
    await expect(connect().send(look)).rejects.toMatchObject({ code, message: 'this is why' });
    expect(pop.calls).toHaveLength(1);
  });

  it('says that a token was refused, by whom, where it came from and what to do', async () => {
    await expect(connect({ POPSERVE_TOKEN: 'wrong' }).send(look)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: `${new URL(pop.url).origin} refused the token from POPSERVE_TOKEN; set POPSERVE_TOKEN to the ADMIN_TOKEN of that server or to a key of it, or unset it to take the local PoP's own`,
    });
    const data = mkdtempSync(join(tmpdir(), 'popserve-token-'));
    writeFileSync(join(data, 'token'), 'wrong');
    await expect(connect({ POPSERVE_DATA: data }).send(look)).rejects.toThrow(
      `refused the token from ${join(data, 'token')}; it is of another PoP, or of an earlier start: set POPSERVE_DATA`,
    );
    rmSync(data, { recursive: true });
  });

  it('passes on why a key is refused, and where one came from that lacks a right', async () => {
    script({ status: 401, body: { error: 'key 0123 is revoked' } }, { status: 403, body: { error: 'no scope admin' } });
    await expect(connect().send(look)).rejects.toThrow('refused the token from POPSERVE_TOKEN (key 0123 is revoked); ');
    await expect(connect().send(look)).rejects.toThrow('no scope admin; the token came from POPSERVE_TOKEN');
  });

  it('leaves the message as it is where no token was sent', async () => {
    script({ status: 401, body: { error: 'expected a key' } });
    await expect(connect().send({ ...look, authorized: false })).rejects.toThrow(/^expected a key$/);
  });

  it('sends the token only where it is asked to', async () => {
    script();
    await connect().send({ ...look, authorized: false });
    expect(pop.asked[0]?.headers.authorization).toBeUndefined();
  });

  it('asks for a token before it asks the PoP', async () => {
    const nowhere = { POPSERVE_DATA: '/nonexistent' };
    await expect(connect(nowhere).send(look)).rejects.toThrow("no operator's token; set POPSERVE_TOKEN");
    expect(pop.calls).toEqual([]);
  });

  it('names the target of a redirect and does not follow it', async () => {
    script({ status: 301, headers: { location: 'https://elsewhere.example/registry/models' } });
    await expect(connect().send(look)).rejects.toThrow(
      'redirects to https://elsewhere.example; set POPSERVE_URL to it',
    );
  });

  it('says what to do when nothing listens', async () => {
    const connection = connect();
    await pop.stop();
    await expect(connection.send(look)).rejects.toThrow(
      /nothing answers at http:\/\/127\.0\.0\.1:\d+\/ \(ECONNREFUSED\); start a local PoP with 'npx popserve start'/,
    );
    expect(waits).toEqual([200, 400]);
  });

  it('says at once that a port speaks http where https was asked for', async () => {
    const secure = pop.url.replace('http:', 'https:');
    const connection = new Connection(readSettings({ POPSERVE_URL: secure, POPSERVE_TOKEN: token }), async (ms) =>
      waits.push(ms),
    );
    await expect(connection.send(look)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: `${secure}/ does not answer by https: this port speaks http; set POPSERVE_URL to ${pop.url}/`,
    });
    expect(waits).toEqual([]);
    expect(pop.asked.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it('does not wait for the answer to a handshake that a port of http leaves open, as workerd does', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.once('data', ([first]) => {
        // 22 begins a handshake of TLS.
        if (first !== 22) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const settings = readSettings({ POPSERVE_URL: `https://127.0.0.1:${port}`, POPSERVE_TOKEN: token });
    const refused: unknown = await new Connection(settings, async (ms) => waits.push(ms))
      .send(look)
      .catch((error) => error);
    expect(refused).toMatchObject({
      message: expect.stringContaining(`this port speaks http; set POPSERVE_URL to http://127.0.0.1:${port}/`),
      // Given up by the command: fetch itself does so after 10 s, with UND_ERR_CONNECT_TIMEOUT.
      cause: { cause: { name: 'AbortError' } },
    });
    for (const socket of sockets) socket.destroy();
    await new Promise((closed) => server.close(closed));
  });

  it('says at once that a port speaks https where http was asked for', async () => {
    const server = createSecureServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const settings = readSettings({ POPSERVE_URL: `http://127.0.0.1:${port}`, POPSERVE_TOKEN: token });
    const connection = new Connection(settings, async (ms) => waits.push(ms));
    await expect(connection.send(look)).rejects.toThrow(
      `this port speaks https; set POPSERVE_URL to https://127.0.0.1:${port}/`,
    );
    expect(waits).toEqual([]);
    await new Promise((closed) => server.close(closed));
  });

  it('names a host that is not known', async () => {
    const settings = readSettings({ POPSERVE_URL: 'https://nowhere.invalid', POPSERVE_TOKEN: token });
    await expect(new Connection(settings, async () => {}).send(look)).rejects.toThrow(
      /^the host 'nowhere\.invalid' of https:\/\/nowhere\.invalid\/ is not known here \(E\w+\); is POPSERVE_URL right\?$/,
    );
  });

  it('does not repeat what cannot succeed', async () => {
    const settings = readSettings({ POPSERVE_URL: 'http://127.0.0.1:1', POPSERVE_TOKEN: token });
    const connection = new Connection(settings, async (ms) => waits.push(ms));
    await expect(connection.send(look)).rejects.toThrow('the connection to http://127.0.0.1:1/ failed: bad port');
    expect(waits).toEqual([]);
  });

  it('recognises what is no PoP', async () => {
    script({ status: 404, body: new TextEncoder().encode('<html>') });
    await expect(connect().send(look)).rejects.toThrow('answered with status 404 and no message; is it a PoP?');
  });

  it('ends a call that takes too long', async () => {
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    script();
    pop.delay = () => answered;
    await expect(connect().send({ ...change, timeoutMs: 50 })).rejects.toThrow('no answer from');
    answer();
  });
});

describe('urlPath', () => {
  it('keeps each value in its segment', () => {
    expect(urlPath`models/${'a/../b'}/versions/${'v1?x#y'}`).toBe('models/a%2F..%2Fb/versions/v1%3Fx%23y');
  });
});
