// The command against a server that means no good: bodies without an end, pages without an end, texts that steer the terminal.
import { createServer, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mebibyte } from '../../../registry/mebibytes.ts';
import { Connection } from '../../../scripts/cli/connection.ts';
import { RegistryClient } from '../../../scripts/cli/registry-client.ts';
import { readSettings } from '../../../scripts/cli/settings.ts';
import { close, listen } from '../../harness/http-server.ts';
import { runCommand } from './captured-host.ts';

let answer: (response: ServerResponse, path: string) => void;
let sentBytes = 0;
const server = createServer((request, response) => answer(response, request.url ?? ''));
let url: string;

beforeEach(async () => {
  sentBytes = 0;
  url = await listen(server);
});
afterEach(() => close(server));

/** Sends as long as the other side reads. */
function endless(response: ServerResponse, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  const piece = Buffer.alloc(mebibyte, ' ');
  const send = () => {
    while (!response.destroyed) {
      sentBytes += piece.length;
      if (!response.write(piece)) return;
    }
  };
  response.on('drain', send);
  send();
}

function connect(): RegistryClient {
  const settings = readSettings({ POPSERVE_URL: url, POPSERVE_TOKEN: 'token' });
  return new RegistryClient(new Connection(settings, async () => undefined), () => 'somebody');
}

test('an answer without an end is given up, a message of an error sooner', async () => {
  answer = (response) => endless(response);
  await expect(connect().listModels()).rejects.toThrow(
    /^the answer of http:.* is larger than 65 MiB, the most for this call/,
  );
  expect(sentBytes).toBeLessThan(80 * mebibyte);
  sentBytes = 0;
  answer = (response) => endless(response, 500);
  await expect(connect().listModels()).rejects.toThrow('is larger than 1 MiB, the most for this call');
  expect(sentBytes).toBeLessThan(16 * mebibyte);
});

test('an answer that inflates without measure is given up', async () => {
  const bomb = gzipSync(Buffer.alloc(200 * mebibyte, ' '));
  answer = (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
  await expect(connect().listModels()).rejects.toThrow('is larger than 65 MiB');
});

test('lists without an end are given up', async () => {
  let asked = 0;
  answer = (response, path) => {
    asked++;
    const records = path.includes('audit') ? { records: [] } : { models: [] };
    response.end(JSON.stringify({ ...records, next: `m${asked}` }));
  };
  await expect(connect().listModels()).rejects.toThrow("the server's list does not end: no end after 2000 pages");
  expect(asked).toBe(2000);
});

test.each([
  ['list', [] as string[]],
  ['list as JSON', ['--json']],
])('texts of a server do not steer the terminal: %s', async (_, options) => {
  answer = (response) =>
    response.writeHead(409).end(JSON.stringify({ error: 'red \u001b[31m \u009b2J \u202eback \u200bwidth \u2028line' }));
  const { out, err } = await runCommand(['list', ...options], url);
  const printed = out + err;
  expect(printed).toContain('red ');
  expect(printed.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
});
