// Stands in for the Worker of the second engine: speaks its protocol, and fails as a test tells it. It answers each run with its input
// plus the constant of the mode, so that a test sees which engine has answered.
const calls = [];
let mode = { kind: 'answer', plus: 100 };

function decode(bytes) {
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const { tensors, extra } = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let at = 4 + length;
  return {
    extra,
    tensors: tensors.map((tensor) => {
      at += tensor.bytes;
      return { ...tensor, data: bytes.slice(at - tensor.bytes, at) };
    }),
  };
}

function encode(tensors) {
  const head = new TextEncoder().encode(
    JSON.stringify({
      tensors: tensors.map(({ data, ...tensor }) => ({ ...tensor, bytes: data.length })),
      extra: {},
    }),
  );
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length, true);
  return new Blob([length, head, ...tensors.map(({ data }) => data)]).arrayBuffer();
}

async function run(request) {
  const { tensors, extra } = decode(new Uint8Array(await request.arrayBuffer()));
  const values = new Float32Array(tensors[0].data.buffer).map((value) => value + mode.plus);
  const data = new Uint8Array(values.buffer);
  const answered = extra.outputs.map((name) => ({ name, elementType: 1, shape: tensors[0].shape, data }));
  return new Response(await encode(mode.kind === 'another-shape' ? [{ ...answered[0], shape: [2] }] : answered));
}

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === '/calls') return Response.json(calls.splice(0));
    if (pathname === '/mode') {
      mode = await request.json();
      return new Response();
    }
    calls.push(pathname);
    if (mode.kind === 'throw') throw new Error('the stand-in throws');
    if (mode.kind === 'refuse') return Response.json({ error: mode.error, code: mode.code }, { status: mode.status });
    if (mode.kind === 'cut-short') return new Response(new Uint8Array(2));
    return pathname.endsWith('/run') ? await run(request) : Response.json({});
  },
};
