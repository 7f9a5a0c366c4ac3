// Asks a PoP what a picture shows: node examples/node/picture.mjs cat.jpg [http://127.0.0.1:8787 [pictures]]
// If no PoP answers, the same version runs here, with the same steps between the file and its tensors.
import { openAsBlob } from 'node:fs';
import { MediaClient, PopserveError } from 'popserve/client/media';

const [file, url = 'http://127.0.0.1:8787', model = 'pictures', at = 'auto'] = process.argv.slice(2);
const { POPSERVE_KEY } = process.env;

const client = new MediaClient(url, {
  deviceKey: 'node-1',
  ...(POPSERVE_KEY ? { apiKey: POPSERVE_KEY } : {}),
  local: { ort: () => import('onnxruntime-web') },
});

try {
  if (!file) throw new PopserveError('INVALID_ARGUMENT', 'expected a picture: node examples/node/picture.mjs cat.jpg');
  const picture = await openAsBlob(file);
  const { pipeline } = await client.metadata(model);
  const answer =
    pipeline?.task === 'object-detection'
      ? await client.detect(model, picture, { at })
      : await client.classify(model, picture, { at });
  console.log(`version ${answer.version}, ran ${answer.ranAt === 'pop' ? `at the PoP ${answer.pop}` : 'here'}`);
  for (const { label, score, box } of answer.objects ?? answer.labels) {
    const place = box
      ? ` at ${box.xmin.toFixed(0)},${box.ymin.toFixed(0)} to ${box.xmax.toFixed(0)},${box.ymax.toFixed(0)}`
      : '';
    console.log(`${(score * 100).toFixed(1)} % ${label}${place}`);
  }
} catch (error) {
  if (!(error instanceof PopserveError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
