// Runs in the example page, whose import map it uses: what the echo model gives back, at the PoP and in the page.
import { PopserveClient } from 'popserve/client';

const inputs = {
  BOOL: { data: [true, false] },
  UINT8: { data: new Uint8Array([255]) },
  UINT16: { data: new Uint16Array([65_535]) },
  UINT32: { data: new Uint32Array([4_294_967_295]) },
  UINT64: { data: new BigUint64Array([2n ** 64n - 1n]) },
  INT8: { data: new Int8Array([-128]) },
  INT16: { data: new Int16Array([-32_768]) },
  INT32: { data: new Int32Array([-2_147_483_648]) },
  INT64: { data: new BigInt64Array([-(2n ** 63n)]) },
  FP16: { data: new Float16Array([65_504, -0.5]) },
  FP32: { data: new Float32Array([0.1, Number.POSITIVE_INFINITY]) },
  FP64: { data: new Float64Array([0.1]) },
  BYTES: { data: ['', 'Größe', '火'] },
};

/** Names of what does not come back as it went. */
globalThis.echoDifferences = async (url) => {
  const client = new PopserveClient(url, { local: { ort: () => import('onnxruntime-web/wasm') } });
  const different = [];
  for (const at of ['pop', 'local']) {
    const { outputs, ranAt } = await client.infer('echo', inputs, { at });
    if (ranAt !== at) different.push(`${at}: ran at ${ranAt}`);
    for (const [name, { data }] of Object.entries(inputs)) {
      const back = outputs[`${name}_out`]?.data;
      const same = back?.constructor === data.constructor && Array.from(back).join() === Array.from(data).join();
      if (!same) different.push(`${at}: ${name} ${back}`);
    }
  }
  return different;
};
