import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../../registry/manifest.ts';
import type { Signature } from '../../../registry/signature.ts';
import { tryIt } from '../../../scripts/cli/try-it.ts';
import { decodeInferRequest } from '../../../worker/protocol/decode-request.ts';
import { decodeLimits } from '../../../worker/protocol/infer-request.ts';
import { samplePublication } from './sample-publication.ts';

const url = new URL('https://pop.example.com/');
const limits = decodeLimits;

/** A `curl` that sends nothing: prints the body's length, the arguments, and the body as base64. */
const curlStandIn = `curl() {
  for argument do
    printf '%s' "$argument" | base64 | tr -d '\\n'; echo
    [ "$last" = -d ] && data=$argument
    last=$argument
  done
  echo --
  if [ "$last" = @- ] || [ "$data" = '' ]; then base64; else printf '%s' "$data" | base64; fi
}
`;

/** Pastes the line into a shell and decodes what it would send. */
function paste(line: string, signature: Signature) {
  const printed = execFileSync('sh', ['-c', curlStandIn + line], { encoding: 'utf8', input: '' });
  const [words = '', content = ''] = printed.split('--\n');
  const args = words
    .split('\n')
    .slice(0, -1)
    .map((word) => Buffer.from(word, 'base64').toString());
  const length = args.find((word) => word.startsWith('Inference-Header-Content-Length: '))?.split(' ')[1] ?? null;
  const body = new Uint8Array(Buffer.from(content, 'base64'));
  return { args, request: decodeInferRequest({ body, headerLength: length, signature, limits }) };
}

async function manifestWith(signature: Signature, warmup: Manifest['warmup']): Promise<Manifest> {
  const { manifest } = await samplePublication({ model: 'm', version: 'v1' }, new Uint8Array([1]));
  return { ...manifest, signature, warmup };
}

const outputs: Signature['outputs'] = [{ name: 'y', datatype: 'FP32', shape: [1] }];

describe('tryIt', () => {
  it('sends the sample input as it stands in the manifest', async () => {
    const signature: Signature = {
      inputs: [
        { name: "it's", datatype: 'BYTES', shape: [-1] },
        { name: 'n', datatype: 'INT64', shape: [2] },
        { name: 'flag', datatype: 'BOOL', shape: [] },
      ],
      outputs,
    };
    const manifest = await manifestWith(signature, [
      { name: "it's", shape: [2], data: ["don't $HOME `x`", '\\n"ü'] },
      { name: 'n', shape: [2], data: ['9007199254740993', 1] },
      { name: 'flag', shape: [], data: [true] },
    ]);
    const line = tryIt(manifest, url, 5)?.curl ?? '';
    expect(line).not.toContain('\n');
    const { args, request } = paste(line, signature);
    expect(args).toContain('https://pop.example.com/v2/models/m/infer');
    expect(args).toContain('popserve-min-epoch: 5');
    const [strings, wide, flag] = request.inputs;
    expect(strings?.data).toEqual(["don't $HOME `x`", '\\n"ü'].map((text) => new TextEncoder().encode(text)));
    expect(new BigInt64Array(new Uint8Array(wide?.data as Uint8Array).buffer)).toEqual(
      BigInt64Array.of(9007199254740993n, 1n),
    );
    expect(flag).toMatchObject({ shape: [], data: Uint8Array.of(1) });
  });

  it('keeps a request that would fill the screen in a file', async () => {
    const signature: Signature = {
      inputs: [{ name: 'picture', datatype: 'FP32', shape: [1, 3, 32, 32] }],
      outputs,
    };
    const manifest = await manifestWith(signature, [{ name: 'picture', shape: [1, 3, 32, 32] }]);
    const curl = `curl -s https://pop.example.com/v2/models/m/infer -H 'popserve-min-epoch: 1' -H 'content-type: application/json' --data-binary @request.json`;
    expect(tryIt(manifest, url, 1)).toEqual({
      commands: ['npx popserve infer m --example > request.json', curl],
      curl,
    });
  });

  it('asks for the binary form and a file where JSON cannot carry the answer', async () => {
    const half: Signature = {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2] }],
      outputs: [{ name: 'y', datatype: 'FP16', shape: [1, 2] }],
    };
    const line = tryIt(await manifestWith(half, [{ name: 'x', shape: [1, 2] }]), url, 1)?.curl ?? '';
    expect(line).toMatch(/ -o answer\.bin$/);
    const { request } = paste(line.replace(' -o answer.bin', ''), half);
    expect(request.binaryOutputs).toBe(true);
  });

  it('gives none where no sample input is known', async () => {
    const signature: Signature = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1] }], outputs };
    expect(tryIt(await manifestWith(signature, null), url, 1)).toBeNull();
  });
});
