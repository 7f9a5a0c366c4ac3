// A detector small enough to know each of its answers: it finds what is red. Its candidates are the cells of a grid, the score of each
// how much more red than anything else it is.
import { floats, integers, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { publication, type SmallPublication } from '../small-models.ts';
import { type BoxPipeline, boxPipeline } from './box-model.ts';

const float32 = 1;
/** Cells of a side. */
const side = 8;
const cells = Array.from({ length: side * side }, (_, cell) => ({ x: cell % side, y: Math.floor(cell / side) }));

/** Answers with the reddest cells, each as its share of the picture. */
export function spotPipeline(changes: Partial<BoxPipeline['after']> = {}): BoxPipeline {
  return boxPipeline(
    {
      step: 'boxes',
      decode: {
        ...{ form: 'decoded', boxes: 'boxes', scores: 'scores', activation: 'none', background: 'none' },
        ...{ as: 'corners', units: 'share' },
      },
      ...{ labels: ['spot'], threshold: 0.5, iou: null, most: 4 },
      ...changes,
    },
    { step: 'resize', fit: 'fill', height: side, width: side, filter: 'bilinear' },
  );
}

export function spotModel(name: string, version: string, pipeline = spotPipeline()): SmallPublication {
  const built = model({
    name: 'spot',
    opsets: { '': 17 },
    inputs: [tensorValue('images', float32, [1, 3, side, side])],
    outputs: [
      tensorValue('boxes', float32, [1, cells.length, 4]),
      tensorValue('scores', float32, [1, cells.length, 1]),
    ],
    nodes: [
      node('Split', ['images'], ['red', 'green', 'blue'], { axis: { int: 1 } }),
      node('Max', ['green', 'blue'], ['others']),
      node('Sub', ['red', 'others'], ['redness']),
      node('Reshape', ['redness', 'shape'], ['scores']),
      node('Identity', ['cells'], ['boxes']),
    ],
    initializers: [
      floats(
        'cells',
        [1, cells.length, 4],
        cells.flatMap(({ x, y }) => [x, y, x + 1, y + 1].map((value) => value / side)),
      ),
      integers('shape', [3], [1, cells.length, 1]),
    ],
  });
  const signature = {
    inputs: [{ name: 'images', datatype: 'FP32' as const, shape: [1, 3, side, side] }],
    outputs: [
      { name: 'boxes', datatype: 'FP32' as const, shape: [1, cells.length, 4] },
      { name: 'scores', datatype: 'FP32' as const, shape: [1, cells.length, 1] },
    ],
  };
  return publication(name, version, built, signature, { pipeline });
}
