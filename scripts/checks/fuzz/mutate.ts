// Changes to a request that know its structure: values, keys and shapes of the JSON, lengths and bytes of the tensors, headers
// and path; then to the bytes as they are sent.

import { deflateSync, gzipSync } from 'node:zlib';
import { mebibyte } from '../../../registry/mebibytes.ts';
import type { Dice } from './dice.ts';
import type { FuzzRequest, WireRequest } from './fuzz-request.ts';

/** Values that decoders get wrong. `raw:` stands in the JSON without quotes. */
const values: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  1,
  -1,
  0.5,
  255,
  256,
  65_536,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  1e308,
  5e-324,
  9_223_372_036_854_775_807n,
  9_223_372_036_854_775_808n,
  -9_223_372_036_854_775_808n,
  18_446_744_073_709_551_616n,
  'raw:1e999',
  'raw:-1e999',
  'raw:NaN',
  'raw:Infinity',
  'raw:01',
  'raw:1.',
  'raw:',
  'raw:[',
  'raw:}',
  '',
  ' ',
  '0',
  'NaN',
  'x',
  'y',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\u2028',
  '😀',
  '__proto__',
  'constructor',
  'toString',
  [],
  {},
  [[]],
  [null],
  [[], []],
  [1, [2]],
  { length: 3 },
  { __proto: 1 },
  [-1],
  [0],
  [1, 2, 3, 4, 5, 6, 7, 8, 9],
  { b64: 'AAAA' },
  { b64: '*' },
  { b64: 1 },
];

const datatypes = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
  'BF16',
  'STRING',
  'fp32',
  '',
];

const dimensions = [
  ...[0, 0, 1, 2, 3, -1, 1.5, 65_536, 16_777_217, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1, 2 ** 53, 1e15, 1e300],
  ...['2', null],
];

/** Elements and members of lists and parameters that are made to cost more than they took to send. */
const manyTimes = [1000, 20_000];

const keys = [
  'inputs',
  'outputs',
  'instances',
  'id',
  'parameters',
  'binary_data_size',
  'binary_data_output',
  'binary_data',
  'classification',
  'shared_memory_region',
  'name',
  'shape',
  'datatype',
  'data',
  'model_name',
  'signature_name',
  '__proto__',
  'x',
  '',
];

const headers: readonly (readonly [string, readonly string[]])[] = [
  [
    'content-type',
    [
      '',
      'text/html',
      'application/json; charset=utf-16',
      'multipart/form-data; boundary=x',
      'a',
      'application/octet-stream',
    ],
  ],
  ['content-encoding', ['gzip', 'deflate', 'br', 'identity', 'gzip, gzip', 'GZIP', '']],
  // Nothing that refuses identity: miniflare's own front answers that, not the Worker.
  ['accept-encoding', ['gzip', 'deflate', 'br;q=0', 'gzip;q=nonsense']],
  ['popserve-min-epoch', ['0', '1', '2', '999999999999999', '-1', '1.5', 'NaN', ' ', '1e3']],
  ['popserve-key', ['', 'device', 'k'.repeat(4000), '\u00ff']],
  [
    'authorization',
    ['Bearer', 'Bearer x', 'Basic eDp5', 'Bearer pk_0123456789abcdef_', 'Bearer eyJhbGciOiJub25lIn0.e30.'],
  ],
  ['x-api-key', ['', 'pk_', `pk_0123456789abcdef_${'A'.repeat(43)}`]],
  ['if-none-match', ['*', '"x"', 'W/"x", "y"', ',']],
  ['origin', ['null', 'https://example.com', 'x']],
  ['accept', ['text/html', '*/*;q=0', '']],
  ['inference-header-content-length', ['0', '1', '-1', '1.5', '0x10', '1e2', '99999999999999999999', '', ' 5', '5,5']],
];

/** Changes a request once, by what it means. */
export function mutate(request: FuzzRequest, dice: Dice): FuzzRequest {
  const what = dice.below(100);
  if (what < 60 && request.json !== undefined) return { ...request, json: mutateJson(request.json, dice) };
  if (what < 75 && request.tensors.length > 0) return { ...request, tensors: mutateTensors(request.tensors, dice) };
  if (what < 82) return { ...request, headerLength: mutateLength(dice) };
  if (what < 92) {
    const [name, options] = dice.from(headers);
    return { ...request, headers: { ...request.headers, [name]: dice.from(options) } };
  }
  return {
    ...request,
    path: mutatePath(request.path, dice),
    method: dice.chance(0.1) ? dice.from(['GET', 'PUT', 'DELETE']) : request.method,
  };
}

/** Changes the bytes of the body, mostly not at all. */
export function mutateWire(wire: WireRequest, dice: Dice): WireRequest {
  if (wire.body === null || !dice.chance(0.2)) return compressed(wire, dice);
  const { body } = wire;
  const at = dice.below(body.length + 1);
  const length = dice.below(dice.chance(0.5) ? 4 : 64);
  const change = dice.from(['cut', 'flip', 'insert', 'remove', 'repeat', 'mark'] as const);
  const changed = {
    cut: () => body.subarray(0, at),
    flip: () => {
      const copy = Buffer.from(body);
      if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << dice.below(8));
      return copy;
    },
    insert: () => Buffer.concat([body.subarray(0, at), dice.bytes(length), body.subarray(at)]),
    remove: () => Buffer.concat([body.subarray(0, at), body.subarray(at + length)]),
    repeat: () => Buffer.concat([body.subarray(0, at), body.subarray(Math.max(0, at - length))]),
    mark: () => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body]),
  }[change]();
  return compressed({ ...wire, body: changed }, dice);
}

/** 48 MiB of zeros, beyond the limit of what a body inflates to. */
function bomb(): Buffer {
  packedZeros ??= gzipSync(Buffer.alloc(48 * mebibyte));
  return Buffer.from(packedZeros);
}

let packedZeros: Buffer | undefined;

/** The header's promise, mostly kept. */
function compressed(wire: WireRequest, dice: Dice): WireRequest {
  const { body } = wire;
  if (body === null || !dice.chance(0.08)) return wire;
  const deflate = dice.chance(0.5);
  let packed: Buffer = deflate ? deflateSync(body) : gzipSync(body);
  if (dice.chance(0.01)) packed = bomb();
  if (dice.chance(0.2)) packed = packed.subarray(0, dice.below(packed.length));
  if (dice.chance(0.2) && packed.length > 0) packed[dice.below(packed.length)] = dice.below(256);
  return { ...wire, body: packed, headers: { ...wire.headers, 'content-encoding': deflate ? 'deflate' : 'gzip' } };
}

function mutateJson(root: unknown, dice: Dice): unknown {
  const copy = structuredClone(root);
  const places = placesIn(copy);
  const place = places.length === 0 ? undefined : dice.from(places);
  if (place === undefined || dice.chance(0.02)) return dice.from(values);
  const { holder, key } = place;
  const current = holder[key];
  const change = dice.below(10);
  if (change < 4) holder[key] = fitting(key, dice);
  else if (change === 4) remove(holder, key);
  else if (change === 5) add(holder, dice, current);
  else if (change === 6) holder[key] = nested(current, dice.from([1, 2, 30, 63, 64, 65, 500]));
  else if (change === 7 && Array.isArray(current)) holder[key] = resized(current, dice);
  else if (change === 8 && typeof current === 'number') holder[key] = current + dice.from([-1, 1, -0.5, 0.5, 1e-300]);
  else holder[key] = structuredClone(dice.from(places).holder);
  return withoutCircles(copy);
}

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function placesIn(value: unknown, found: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return found;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    found.push({ holder, key });
    placesIn(holder[key], found);
  }
  return found;
}

/** Half of the time a value that could stand there. */
function fitting(key: string, dice: Dice): unknown {
  if (dice.chance(0.5)) {
    if (key === 'datatype') return dice.from(datatypes);
    if (key === 'shape') return Array.from({ length: dice.below(5) }, () => dice.from(dimensions));
    if (key === 'classification') return dice.from([0, 1, 2, 65_537, 999_999_999_999, 2 ** 53, -1, 1.5, 'all']);
    if (key === 'parameters' && dice.chance(0.1)) return manyMembers(dice.from(manyTimes));
    if (key === 'data' && dice.chance(0.05)) {
      return new Array<unknown>(dice.from(manyTimes)).fill(dice.from(['', [], {}, 1, 2 ** 53, 's'.repeat(50)]));
    }
    if (key === 'binary_data_size') return dice.from([0, 1, 3, 4, 7, 8, 16, -1, 1.5, 2 ** 32, 2 ** 53, '8']);
    if (key === 'name')
      return dice.from(['x', 'y', 'single', 'text', 'text_out', 'z', '__proto__', '', 'n'.repeat(5000)]);
    if (/^\d+$/.test(key)) return dice.from(dimensions);
  }
  return structuredClone(dice.from(values));
}

function manyMembers(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, index]));
}

function remove(holder: Record<string, unknown>, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}

function add(holder: Record<string, unknown>, dice: Dice, current: unknown): void {
  if (Array.isArray(holder))
    holder.push(dice.chance(0.5) ? structuredClone(current) : structuredClone(dice.from(values)));
  else
    Object.defineProperty(holder, dice.from(keys), {
      value: structuredClone(dice.from(values)),
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

function nested(value: unknown, depth: number): unknown {
  let around: unknown = value;
  for (let level = 0; level < depth; level++) around = [around];
  return around;
}

function resized(list: readonly unknown[], dice: Dice): unknown[] {
  const times = dice.from([0, 1, 2, 100]);
  return Array.from({ length: times }, () => list)
    .flat()
    .slice(dice.below(2));
}

/** A part put within itself would be written without end. */
function withoutCircles(value: unknown): unknown {
  try {
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? 0 : part));
    return value;
  } catch {
    return null;
  }
}

function mutateTensors(tensors: readonly Uint8Array[], dice: Dice): Uint8Array[] {
  const at = dice.below(tensors.length);
  const tensor = tensors[at] ?? new Uint8Array();
  const changed = dice.from([
    () => tensor.subarray(0, dice.below(tensor.length + 1)),
    () => Buffer.concat([tensor, dice.bytes(1 + dice.below(16))]),
    () => dice.bytes(tensor.length),
    () => new Uint8Array(tensor.length).fill(0xff),
    () => Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0x7f]), tensor]),
    () => Buffer.concat([tensor.subarray(0, 4), Buffer.from([0]), tensor.subarray(5)]),
    () => new Uint8Array(),
  ])();
  if (dice.chance(0.1)) return tensors.filter((_, index) => index !== at);
  if (dice.chance(0.1)) return [...tensors, changed];
  return tensors.map((other, index) => (index === at ? changed : other));
}

function mutateLength(dice: Dice): FuzzRequest['headerLength'] {
  if (dice.chance(0.2)) return 'none';
  return { text: dice.from(['0', '1', '2', '50', '100', '150', '1000', '-1', '1.5', 'ten', '', '4294967296', '1e3']) };
}

function mutatePath(path: string, dice: Dice): string {
  return dice.from([
    () =>
      path.replace(
        /fuzz-\w+/,
        dice.from(['nobody', '..', '%00', '%', '%ff', 'A', 'm'.repeat(300), '%2e%2e%2f', '', 'stats']),
      ),
    () =>
      path.replace(
        /versions\/\w+/,
        dice.from(['versions/2', 'versions/', 'versions/%00', 'labels/stable', 'versions/stable/versions/1']),
      ),
    () => `${path}/`,
    () =>
      `${path}${path.includes('?') ? '&' : '?'}${dice.from(['a=b', 'single', 'single=', 'single=1,2', 'text=%ff', 'long=9223372036854775808', '%', '&&', 'text=a,b'])}`,
    () => path.replace('single=', dice.from(['single=x', 'Single=', 'single=1e999', 'single=NaN'])),
    () => path.replace(':predict', dice.from([':classify', ':', ':predict:predict', ':PREDICT'])),
    () =>
      path.replace(
        '/infer',
        dice.from(['/config', '/ready', '/stats', '/artifact', '/generate', '/infer/infer', '//infer']),
      ),
    () => `${path}${'x'.repeat(dice.from([100, 5000, 20_000]))}`,
  ])();
}
