// Requests that are right, in every form that is served: what fuzzing starts from.
import type { Dice } from './dice.ts';
import { adder, kinds, kindsModel } from './fuzz-models.ts';
import type { FuzzRequest } from './fuzz-request.ts';

interface Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly values: readonly unknown[];
}

const none = { tensors: [], headerLength: 'none', headers: { 'content-type': 'application/json' } } as const;

const forms: readonly ((dice: Dice) => FuzzRequest)[] = [
  tensorsInJson,
  tensorsInJson,
  tensorsInBinary,
  tensorsInBinary,
  mixed,
  oneRawTensor,
  records,
  rows,
  columns,
  question,
  index,
];

export function goodRequest(dice: Dice): FuzzRequest {
  return dice.from(forms)(dice);
}

/** The request whose answer is known: [[1, 2], [3, 4]] and 10. */
export function knownRequest(binary: boolean): FuzzRequest {
  const tensor = { name: 'x', datatype: 'FP32', shape: [2, 2], values: [1, 2, 3, 4] };
  const path = `/v2/models/${adder.name}/infer`;
  if (!binary) return { ...none, method: 'POST', path, json: { id: 'known', inputs: [inJson(tensor)] } };
  const json = { inputs: [inBinary(tensor)], parameters: { binary_data_output: true } };
  return { method: 'POST', path, json, tensors: [bytesOf(tensor)], headerLength: 'computed', headers: {} };
}

function tensorsInJson(dice: Dice): FuzzRequest {
  const inputs = someInputs(dice).map((tensor) => inJson(tensor, dice.chance(0.3)));
  return {
    ...none,
    method: 'POST',
    path: inferPath(dice, inputs.length),
    json: { inputs, ...extras(dice, inputs.length) },
  };
}

function tensorsInBinary(dice: Dice): FuzzRequest {
  const tensors = someInputs(dice);
  const inputs = tensors.map(inBinary);
  const parameters = { binary_data_output: dice.chance(0.5) };
  return {
    method: 'POST',
    path: inferPath(dice, inputs.length),
    json: { inputs, parameters, ...extras(dice, inputs.length) },
    tensors: tensors.map(bytesOf),
    headerLength: 'computed',
    headers: { 'content-type': 'application/octet-stream' },
  };
}

function mixed(dice: Dice): FuzzRequest {
  const parts = kindTensors(dice).map((tensor) => ({ tensor, binary: dice.chance(0.5) || tensor.datatype === 'FP16' }));
  return {
    method: 'POST',
    path: inferPath(dice, parts.length),
    json: { inputs: parts.map(({ tensor, binary }) => (binary ? inBinary(tensor) : inJson(tensor))) },
    tensors: parts.filter(({ binary }) => binary).map(({ tensor }) => bytesOf(tensor)),
    headerLength: 'computed',
    headers: {},
  };
}

function oneRawTensor(dice: Dice): FuzzRequest {
  return {
    method: 'POST',
    path: inferPath(dice, 1),
    json: undefined,
    tensors: [bytesOf(adderTensor(dice))],
    headerLength: { text: '0' },
    headers: { 'content-type': 'application/octet-stream' },
  };
}

function records(dice: Dice): FuzzRequest {
  const instances = Array.from({ length: 1 + dice.below(3) }, () => record(dice));
  return { ...none, method: 'POST', path: inferPath(dice, kinds.length), json: { instances } };
}

function rows(dice: Dice): FuzzRequest {
  const instances = Array.from({ length: 1 + dice.below(3) }, () => record(dice));
  return { ...none, method: 'POST', path: `/v1/models/${kindsModel.name}:predict`, json: { instances } };
}

function columns(dice: Dice): FuzzRequest {
  const inputs = dice.chance(0.5)
    ? {
        x: [
          [1, 2],
          [3, 4],
        ],
      }
    : Object.fromEntries(kindTensors(dice).map(({ name, values }) => [name, values.map((value) => [value])]));
  const name = 'x' in inputs ? adder.name : kindsModel.name;
  return { ...none, method: 'POST', path: `/v1/models/${name}/versions/1:predict`, json: { inputs } };
}

function question(dice: Dice): FuzzRequest {
  const asked = new URLSearchParams(
    Object.entries(record(dice)).map(([name, value]): [string, string] => [name, String(value)]),
  );
  return { ...none, method: 'GET', path: `/v2/models/${kindsModel.name}/infer?${asked}`, json: undefined };
}

function index(dice: Dice): FuzzRequest {
  return { ...none, method: 'POST', path: '/v2/repository/index', json: { ready: dice.chance(0.5) } };
}

function inferPath(dice: Dice, inputs: number): string {
  const name = inputs === 1 ? adder.name : kindsModel.name;
  return dice.from([
    `/v2/models/${name}/infer`,
    `/v2/models/${name}/versions/1/infer`,
    `/v2/models/${name}/versions/stable/infer`,
  ]);
}

function extras(dice: Dice, inputs: number): object {
  const output = inputs === 1 ? 'y' : 'single_out';
  return {
    ...(dice.chance(0.3) ? { id: `id-${dice.below(1000)}` } : {}),
    ...(dice.chance(0.2)
      ? { outputs: [{ name: output, parameters: dice.chance(0.5) ? { binary_data: true } : { classification: 1 } }] }
      : {}),
  };
}

function someInputs(dice: Dice): Tensor[] {
  return dice.chance(0.5) ? [adderTensor(dice)] : kindTensors(dice);
}

function adderTensor(dice: Dice): Tensor {
  const count = dice.below(5);
  const values = Array.from({ length: 2 * count }, () => dice.below(2000) / 8 - 100);
  return { name: 'x', datatype: 'FP32', shape: [count, 2], values };
}

function kindTensors(dice: Dice): Tensor[] {
  const count = 1 + dice.below(3);
  return kinds.map(([name, datatype]) => ({
    name,
    datatype,
    shape: [count, 1],
    values: Array.from({ length: count }, () => drawValue(dice, datatype)),
  }));
}

function record(dice: Dice): Record<string, unknown> {
  return Object.fromEntries(kinds.map(([name, datatype]) => [name, drawValue(dice, datatype)]));
}

function drawValue(dice: Dice, datatype: string): unknown {
  if (datatype === 'BOOL') return dice.chance(0.5);
  if (datatype === 'BYTES') return dice.from(['', 'a', 'grün', '☃', 'longer than most']);
  if (datatype === 'UINT8') return dice.below(256);
  if (datatype === 'INT64') return dice.from([0, -1, 7, 4_294_967_296]);
  return dice.below(1000) / 8;
}

function inJson({ name, datatype, shape, values }: Tensor, nested = false) {
  const width = shape[1] ?? 1;
  const data = nested
    ? Array.from({ length: shape[0] ?? 0 }, (_, row) => values.slice(row * width, (row + 1) * width))
    : values;
  return { name, datatype, shape, data };
}

function inBinary(tensor: Tensor) {
  const { name, datatype, shape } = tensor;
  return { name, datatype, shape, parameters: { binary_data_size: bytesOf(tensor).length } };
}

/** Little-endian, as the binary form has it. */
function bytesOf({ datatype, values }: Tensor): Uint8Array {
  const numbers = values.map(Number);
  switch (datatype) {
    case 'FP32':
      return new Uint8Array(new Float32Array(numbers).buffer);
    case 'FP64':
      return new Uint8Array(new Float64Array(numbers).buffer);
    case 'FP16':
      // 1.0 throughout: which half it is decides nothing.
      return new Uint8Array(new Uint16Array(numbers.map(() => 0x3c00)).buffer);
    case 'INT64':
      return new Uint8Array(new BigInt64Array(numbers.map(BigInt)).buffer);
    case 'BYTES':
      return Buffer.concat(
        values.flatMap((value) => {
          const text = Buffer.from(String(value));
          const length = Buffer.alloc(4);
          length.writeUInt32LE(text.length);
          return [length, text];
        }),
      );
    default:
      return Uint8Array.from(numbers);
  }
}
