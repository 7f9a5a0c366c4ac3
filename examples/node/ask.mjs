// Asks a PoP about two machines, with the client: node examples/node/ask.mjs [http://127.0.0.1:8787]
// If no PoP answers, the same version runs here; onnxruntime-node has the same interface as onnxruntime-web.
import { PopserveClient, PopserveError } from 'popserve/client';

const [url = 'http://127.0.0.1:8787', at = 'auto'] = process.argv.slice(2);
const { POPSERVE_KEY } = process.env;

const client = new PopserveClient(url, {
  deviceKey: 'node-1',
  ...(POPSERVE_KEY ? { apiKey: POPSERVE_KEY } : {}),
  local: { ort: () => import('onnxruntime-web') },
});

const column = (...values) => ({ data: new Float32Array(values), shape: [values.length, 1] });

try {
  const { outputs, ranAt, pop, version } = await client.infer(
    'machine-failure',
    {
      type: { data: ['M', 'L'], shape: [2, 1] },
      air_temperature: column(298.1, 298.9),
      process_temperature: column(308.6, 309.1),
      rotational_speed: column(1551, 1310),
      torque: column(42.8, 64.5),
      tool_wear: column(0, 198),
    },
    { at },
  );
  console.log(`version ${version}, ran ${ranAt === 'pop' ? `at the PoP ${pop}` : 'here'}`);
  outputs.failure.data.forEach((failure, machine) => {
    const probability = outputs.probability.data[2 * machine + 1];
    console.log(`machine ${machine + 1}: ${failure ? 'will fail' : 'is fine'} (${probability.toFixed(4)})`);
  });
} catch (error) {
  if (!(error instanceof PopserveError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
