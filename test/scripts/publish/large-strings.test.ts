// Models of strings with several free dimensions: trying large inputs means many strings in one run.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { TensorProto_DataType } from '../../../scripts/onnx/onnx_pb.ts';
import { Workshop } from './workshop.ts';

let workshop: Workshop;
beforeAll(async () => {
  workshop = await Workshop.open();
});
afterAll(() => workshop.close());

describe('a model of strings', () => {
  it('gets limits beyond what fits on the stack', { timeout: 120_000 }, async () => {
    const { STRING } = TensorProto_DataType;
    const file = workshop.write(
      'strings.onnx',
      model({
        name: 'strings',
        opsets: { '': 17 },
        inputs: [tensorValue('x', STRING, ['n', 'm'])],
        outputs: [tensorValue('y', STRING, ['n', 'm'])],
        nodes: [node('Identity', ['x'], ['y'])],
      }),
    );
    const { manifest } = await workshop.publish(file, { probeLimitMs: 2000 });
    expect(manifest.limits).toMatchObject([{ name: 'x' }]);
    const [limit] = manifest.limits ?? [];
    expect(limit?.elements ?? 0).toBeGreaterThan(120_000);
  });
});
