// The conversion in its own process: what it makes, and that nothing which goes wrong in it leaves it.
import { describe, expect, it } from 'vitest';
import { convertGuarded } from '../../../scripts/convert-litert/convert-guarded.ts';
import { floats, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { writeModel } from '../../../scripts/onnx/model-file.ts';
import type { NodeProto } from '../../../scripts/onnx/onnx_pb.ts';

const limits = { timeoutMs: 60_000, memoryMib: 2048 };
const shapes = { x: [1, 1, 4, 4] };

/** A convolution of which a batch may be any number, and what comes behind it. */
function net(...behind: NodeProto[]): Uint8Array {
  return writeModel(
    model({
      name: 'net',
      opsets: { '': 17 },
      inputs: [tensorValue('x', 1, ['n', 1, 4, 4])],
      outputs: [tensorValue('y', 1, ['n', 1, 4, 4])],
      nodes: [node('Conv', ['x', 'w'], ['c'], { kernel_shape: { ints: [1, 1] } }), ...behind],
      initializers: [floats('w', [1, 1, 1, 1], [2])],
    }),
  );
}

describe('the conversion in its own process', () => {
  it('gives the model for TensorFlow Lite at the shapes that are asked for', async () => {
    const converted = await convertGuarded(net(node('Relu', ['c'], ['y'])), shapes, limits);
    if ('refused' in converted) throw new Error(converted.refused);
    expect(new TextDecoder().decode(converted.bytes.subarray(4, 8))).toBe('TFL3');
    expect(converted.steps).toEqual({});
  });

  it.each<[string, NodeProto[], string]>([
    ['an operator', [node('Det', ['c'], ['y'])], 'operator Det is not covered'],
    [
      'several operators',
      [node('Erf', ['c'], ['e']), node('Round', ['e'], ['y'])],
      'operators Erf, Round are not covered',
    ],
    [
      'a form of one',
      [node('Elu', ['c'], ['y'], { alpha: { float: 2 } })],
      'operator Elu: alpha other than 1 is not covered',
    ],
  ])('refuses %s by name', async (_, behind, refused) => {
    expect(await convertGuarded(net(...behind), shapes, limits)).toEqual({ refused });
  });

  it('says that it failed at a file that is none', async () => {
    const { refused } = (await convertGuarded(new Uint8Array([1, 2, 3]), shapes, limits)) as { refused: string };
    expect(refused).toMatch(/^the conversion failed: /);
  });

  it('is ended when it takes too long', async () => {
    const late = await convertGuarded(net(node('Relu', ['c'], ['y'])), shapes, { ...limits, timeoutMs: 1 });
    expect(late).toEqual({ refused: 'the conversion was stopped after 0.001 s' });
  });

  it('is ended when it takes too much memory', async () => {
    const greedy = await convertGuarded(net(node('Relu', ['c'], ['y'])), shapes, { ...limits, memoryMib: 8 });
    expect((greedy as { refused: string }).refused).toMatch(
      /^the conversion was stopped at \d+ MiB of memory, limit 8 MiB$/,
    );
  });
});
