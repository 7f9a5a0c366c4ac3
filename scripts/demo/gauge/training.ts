// Trains the demo's picture model: drawn gauges in, an ONNX file out. Nothing is written here.
import type { ImageInput } from '../../../registry/pipeline/image-input.ts';
import { preparePictures } from '../../../worker/pipeline/prepare-pictures.ts';
import { Random } from '../../random.ts';
import { createNet, type Sample, train } from './conv-net.ts';
import { type DrawnGauge, drawGauge, readings } from './draw-gauge.ts';
import { exportGaugeModel } from './gauge-model.ts';

export interface GaugePlan {
  readonly seed: number;
  readonly trainPictures: number;
  /** Further pictures that only the evaluation sees. */
  readonly testPictures: number;
  readonly epochs: number;
}

/** Trains as `npm run demo:train` does; the committed model was made with it. */
export const gaugePlan: GaugePlan = { seed: 1849, trainPictures: 4000, testPictures: 600, epochs: 9 };

/** Pixels of a side of the model's input. */
export const gaugeSide = 48;

/** What the options of `publish` say about the pictures, as steps. */
const image: ImageInput = {
  input: 'pixels',
  steps: [
    { step: 'decode', formats: ['png'] },
    { step: 'colour', to: 'rgb' },
    { step: 'resize', fit: 'fill', height: gaugeSide, width: gaugeSide, filter: 'bilinear' },
    { step: 'scale', by: 1 / 255 },
    { step: 'normalise', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    { step: 'layout', order: 'nchw', datatype: 'FP32' },
  ],
};

/** The options of `popserve publish` that say the same. */
export const gaugeImageOptions = [
  ...['--image-resize', 'stretch', '--image-scale', '0-1'],
  ...['--image-mean', '0.5', '--image-std', '0.5', '--scores', 'none'],
];

/** @param onEpoch told the mean loss of each */
export function trainGaugeModel(
  { seed, trainPictures, epochs }: GaugePlan,
  onEpoch: (epoch: number, loss: number) => void = () => {},
): Uint8Array<ArrayBuffer> {
  const random = new Random(seed);
  const samples = Array.from({ length: trainPictures }, () => sampleOf(drawGauge(random)));
  const shape = { side: gaugeSide, channels: 3, convolutions: [8, 16, 24], dense: [32, readings.length] };
  const net = train(createNet(shape, random), samples, { epochs, batch: 16, rate: 0.003 }, random, onEpoch);
  return exportGaugeModel(net, gaugeSide, {
    description: 'Reads a round gauge: low, normal or high. Trained on pictures that scripts/demo/gauge draws.',
  });
}

/** Pictures that the training has not seen. */
export function testGauges({ seed, testPictures }: GaugePlan): DrawnGauge[] {
  const random = new Random(seed + 1);
  return Array.from({ length: testPictures }, () => drawGauge(random));
}

function sampleOf({ picture, reading }: DrawnGauge): Sample {
  const { data } = preparePictures([picture], image);
  if (!(data instanceof Uint8Array)) throw new TypeError('pictures become no texts');
  return {
    pixels: new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4),
    label: readings.indexOf(reading),
  };
}
