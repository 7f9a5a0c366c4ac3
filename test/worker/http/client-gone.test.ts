// Clients that go away in the middle, over raw sockets: no failure of the server, counted as what it is, and their room comes back.
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Statistics } from '../../../registry/api/statistics.ts';
import { mebibyte } from '../../../registry/mebibytes.ts';
import { eventually } from '../../harness/eventually.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ TELEMETRY_FLUSH_SECONDS: '0' });
  await pop.release(adder('adder', '1', 1));
  await pop.send('POST', infer, good);
});
afterAll(() => pop.stop());

const infer = '/v2/models/adder/infer';
const good = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };

interface Case {
  readonly name: string;
  readonly head: string;
  readonly fields: readonly string[];
  readonly sent: string | Uint8Array;
  /** The part of the ledger that holds what came; null where it holds nothing. */
  readonly held: 'bodies' | 'control' | null;
}

const cases: readonly Case[] = [
  { name: 'a small body', head: `POST ${infer}`, fields: ['content-length: 1000'], sent: '{"inputs"', held: null },
  {
    name: 'a large body',
    head: `POST ${infer}`,
    fields: ['content-length: 4000000', 'inference-header-content-length: 0'],
    sent: new Uint8Array(mebibyte),
    held: 'bodies',
  },
  {
    name: 'a body of unknown length',
    head: `POST ${infer}`,
    fields: ['transfer-encoding: chunked'],
    sent: 'a\r\n{"inputs":\r\n',
    held: 'bodies',
  },
  {
    name: 'a body for TensorFlow',
    head: 'POST /v1/models/adder:predict',
    fields: ['content-length: 100000'],
    sent: new Uint8Array(20_000),
    held: 'bodies',
  },
  {
    name: 'a manifest',
    head: 'PUT /registry/models/adder/versions/2',
    fields: ['content-length: 100000'],
    sent: new Uint8Array(20_000),
    held: 'control',
  },
  {
    name: 'a small manifest',
    head: 'PUT /registry/models/adder/versions/2',
    fields: ['content-length: 1000'],
    sent: '{',
    held: null,
  },
  {
    name: 'a blob',
    head: `PUT /registry/blobs/sha256:${'0'.repeat(64)}`,
    fields: ['content-length: 1000000'],
    sent: new Uint8Array(200_000),
    held: null,
  },
  { name: 'a body for nobody', head: 'POST /nowhere', fields: ['content-length: 1000'], sent: 'abc', held: null },
];

const ways: Readonly<Record<string, (socket: Socket) => void>> = {
  'closes its side': (socket) => socket.end(),
  closes: (socket) => socket.destroy(),
  'resets the connection': (socket) => socket.resetAndDestroy(),
};

async function statistics(): Promise<Statistics> {
  return (await pop.send('GET', '/v2/models/stats')).json();
}

function open(head: string, fields: readonly string[], sent: string | Uint8Array): Socket {
  const socket = connect(Number(pop.pop.url.port), '127.0.0.1');
  socket.on('error', () => undefined);
  const authorization = `authorization: Bearer ${pop.pop.token}`;
  socket.write(`${[`${head} HTTP/1.1`, 'host: localhost', authorization, ...fields].join('\r\n')}\r\n\r\n`);
  socket.write(sent);
  return socket;
}

const failed = new Set(['internal-error', 'refused']);

test.each(cases.flatMap((each) => Object.entries(ways).map(([way, leave]) => ({ ...each, way, leave }))))(
  '$name: a client that $way is no error and holds nothing',
  async ({ head, fields, sent, held, leave }) => {
    const before = pop.logs.length;
    const socket = open(head, fields, sent);
    if (held === null) await new Promise((done) => socket.once('drain', done).once('connect', done));
    else await eventually(async () => expect((await statistics()).popserve_memory?.[held]).toBeGreaterThan(0));
    leave(socket);
    await eventually(async () => {
      expect((await statistics()).popserve_memory).toMatchObject({ bodies: 0, decoded: 0, answers: 0, control: 0 });
    });
    expect((await pop.send('POST', infer, good)).status).toBe(200);
    socket.destroy();
    const lines = pop.logs.slice(before);
    expect(lines.filter(({ event }) => failed.has(event))).toEqual([]);
    for (const { status } of lines.filter(({ event }) => event === 'audit')) expect(status).toBe(499);
  },
);

test('they are counted as gone, and not as failures of a version', async () => {
  const text = await eventually(async () => {
    const { bytes } = await pop.operate('GET', '/metrics');
    const told = new TextDecoder().decode(bytes);
    expect(told).toMatch(/popserve_request_failures_total\{model="adder",version="1",reason="CLIENT_GONE"\} [1-9]/);
    return told;
  });
  expect(text).not.toMatch(/reason="INTERNAL"/);
  const status = (await pop.operate('GET', '/registry/models/adder/status')).json<{
    versions: { routedFailures?: number; failuresByCode: Record<string, number> }[];
  }>();
  expect(Object.keys(status.versions[0]?.failuresByCode ?? {})).toEqual(['CLIENT_GONE']);
});

test('who leaves while a model loads holds nothing afterwards', async () => {
  await pop.release(adder('late', '1', 1));
  const text = JSON.stringify(good);
  const before = pop.logs.length;
  for (const leave of Object.values(ways)) {
    await pop.operate('POST', '/v2/repository/models/late/unload');
    const socket = open('POST /v2/models/late/infer', [`content-length: ${text.length}`], text);
    await new Promise((done) => socket.once('connect', done));
    leave(socket);
    await eventually(async () => {
      expect((await statistics()).popserve_memory).toMatchObject({ bodies: 0, decoded: 0, answers: 0 });
    });
    socket.destroy();
  }
  expect((await pop.send('POST', '/v2/models/late/infer', good)).status).toBe(200);
  expect(pop.logs.slice(before).filter(({ event }) => failed.has(event))).toEqual([]);
});
