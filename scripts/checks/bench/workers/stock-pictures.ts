// The peer `stock` for pictures: a minimal Worker that labels JPEG with onnxruntime-web's own API, `.onnx` and all defaults, the
// model read from R2. The picture is decoded and prepared by popserve's own code, so that it differs in the run and in serving alone.
import { classify } from '../../../../worker/pipeline/classify.ts';
import { readPictureHeader } from '../../../../worker/pipeline/picture-header.ts';
import { preparePictures } from '../../../../worker/pipeline/prepare-pictures.ts';
import { elementTypeOf } from '../../../../worker/protocol/element-type.ts';
import { createPictureDecoders } from '../../../../worker/runtime/picture-modules.ts';
import { imageNetSteps } from '../image-net.ts';
import type { LoadedModel } from './engines/engine.ts';
import { StockEngine } from './engines/stock-engine.ts';

interface StockEnv {
  MODELS: R2Bucket;
  MODEL_KEY: string;
  /** An object with a label a line. */
  LABELS_KEY: string;
  /** Names of the model's tensors. */
  INPUT: string;
  OUTPUT: string;
}

interface Served {
  readonly model: LoadedModel;
  readonly labels: string[];
}

const topK = 3;
const decoders = createPictureDecoders();
let served: Promise<Served> | undefined;

export default {
  async fetch(request: Request, env: StockEnv): Promise<Response> {
    if (new URL(request.url).pathname === '/live') return Response.json({ live: true });
    served ??= load(env);
    const { model, labels } = await served;
    const file = await request.bytes();
    const picture = await decoders.decode(file, readPictureHeader(file));
    const input = preparePictures([picture], imageNetSteps(env.INPUT));
    const outputs = await model.run([{ ...input, elementType: elementTypeOf(input.datatype) }]);
    const output = outputs.find(({ name }) => name === env.OUTPUT);
    if (output === undefined) throw new Error(`the model has no output '${env.OUTPUT}'`);
    const scores = classify({ ...output, datatype: 'FP32' }, { activation: 'softmax', labels }, { topK });
    return Response.json(scores[0]);
  },
};

async function load({ MODELS, MODEL_KEY, LABELS_KEY }: StockEnv): Promise<Served> {
  const [onnx, labels] = await Promise.all([MODELS.get(MODEL_KEY), MODELS.get(LABELS_KEY)]);
  if (!onnx || !labels) throw new Error(`no object ${MODEL_KEY} or ${LABELS_KEY}`);
  const model = await new StockEngine().load(await onnx.bytes());
  return { model, labels: (await labels.text()).split('\n') };
}
