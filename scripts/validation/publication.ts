// The options and the result of publishing: the contract between the command line and the release check.
import type { Manifest } from '../../registry/manifest.ts';
import type { GivenFeatures } from '../publish/name-columns.ts';
import type { GivenShape, LabelsFile, MaxDim, PublishedBlob } from '../publish/options.ts';
import type { PipelineOptions } from '../publish/pipeline/options.ts';
import type { CompletedPipeline } from '../publish/pipeline/plan-pipeline.ts';
import type { PreparationOptions } from '../publish/settings.ts';
import type { Validation, ValidationOptions } from './options.ts';

export interface PublishOptions extends PreparationOptions {
  /** Path of the model: `.onnx`, or `.ort` made for a portable CPU. */
  readonly file: string;
  readonly model: string;
  readonly version: string;
  /** Path of an OIP inference request as JSON, or an array of them: the sample inputs. Without it they are generated. */
  readonly inputsFile?: string;
  /** Names of the columns of vectors among the inputs, for plain records. */
  readonly features?: GivenFeatures;
  /** Class labels for the classification extension. */
  readonly labels?: readonly LabelsFile[];
  /** Sizes of the inputs that a PoP is to take at most; those that are not given are measured. */
  readonly maxDims?: readonly MaxDim[];
  /** How pictures become the model's input, and its output labels; without it only tensors are served. */
  readonly pipeline?: PipelineOptions;
  /** Shapes of inputs and outputs for which the file has none. */
  readonly shapes?: readonly GivenShape[];
  /** The release gate: test data, what is required of it, where the baseline comes from. */
  readonly validation?: ValidationOptions;
  /** Free text for the manifest. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface Publication {
  readonly manifest: Manifest;
  /** The manifest's artifacts. */
  readonly blobs: readonly PublishedBlob[];
  /** Changes and findings, one sentence each; the manifest has them too. */
  readonly notes: readonly string[];
  /** What was understood of a pipeline: each step, and where it comes from. */
  readonly pipelineSteps?: CompletedPipeline['steps'];
  /** Findings of the release gate, also where a requirement is not met: to refuse is up to the caller. */
  readonly validation?: Validation;
}
