// The demo model as a test publishes it: its file, with a manifest made here rather than measured.
import { readFile } from 'node:fs/promises';
import type { OutputRole } from '../../registry/output-role.ts';
import { demoModel } from '../../scripts/demo/demo-model.ts';
import { publication, type SmallPublication } from './small-models.ts';

/** The roles that publishing reads from the demo model's graph. */
export const demoRoles: OutputRole[] = [
  { output: 'failure', role: 'label', head: 0, says: { probability: [0, 1] } },
  { output: 'probability', role: 'number', head: 0, columns: [0, 1], isShare: true },
];

export async function demoPublication(version = '1'): Promise<SmallPublication> {
  const numeric = demoModel.features.slice(1);
  return publication(
    demoModel.name,
    version,
    new Uint8Array(await readFile(demoModel.file)),
    {
      inputs: [
        { name: 'type', datatype: 'BYTES', shape: [-1, 1] },
        ...numeric.map((name) => ({ name, datatype: 'FP32' as const, shape: [-1, 1] })),
      ],
      outputs: [
        { name: 'failure', datatype: 'INT64', shape: [-1] },
        { name: 'probability', datatype: 'FP32', shape: [-1, 2] },
      ],
    },
    { features: [...demoModel.features], roles: demoRoles },
  );
}
