// The demo model as a release: in ORT format, as publishing converts it, without the measurements that take their time.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { demoModel } from '../../scripts/demo/demo-model.ts';
import { demoRoles } from '../harness/demo-publication.ts';
import { sha256 } from '../harness/pop.ts';
import { publication, type SmallPublication } from '../harness/small-models.ts';

export async function demoRelease(): Promise<SmallPublication> {
  const bytes = await toOrt(demoModel.file);
  const model = { digest: sha256(bytes), bytes: bytes.length, format: 'ort' as const };
  return publication(
    demoModel.name,
    demoModel.version,
    bytes,
    {
      inputs: demoModel.sample.inputs.map(({ name, datatype }) => ({ name, datatype, shape: [-1, 1] })),
      outputs: [
        { name: 'failure', datatype: 'INT64', shape: [-1] },
        { name: 'probability', datatype: 'FP32', shape: [-1, 2] },
      ],
    },
    { artifacts: { model }, roles: demoRoles },
  );
}

async function toOrt(file: string): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'popserve-demo-'));
  try {
    const optimizedModelFilePath = join(folder, 'model.ort');
    const options = { optimizedModelFilePath, graphOptimizationLevel: 'extended', logSeverityLevel: 3 } as const;
    await (await InferenceSession.create(file, options)).release();
    return await readFile(optimizedModelFilePath);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
