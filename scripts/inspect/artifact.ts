// A model's bytes in one of the forms that a PoP can serve, and the form that was chosen to be served.
import type { Manifest } from '../../registry/manifest.ts';

export interface Artifact {
  readonly format: 'onnx' | 'ort';
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type Optimization = Manifest['runtime']['graphOptimization'];

export interface ChosenArtifact {
  readonly artifact: Artifact;
  readonly optimization: Optimization;
  readonly profiles: Manifest['runtime']['profiles'];
}
