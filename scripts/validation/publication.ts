// What publishing is asked for and what it gives: the contract between the command line and the release check.
import type { Manifest } from '../../registry/manifest.ts';
import type { LabelsFile, MaxDim, PublishedBlob } from '../publish/options.ts';
import type { Validation, ValidationOptions } from './options.ts';

export interface PublishOptions {
  /** Path of the model: `.onnx`, or `.ort` made for a portable CPU. */
  readonly file: string;
  readonly model: string;
  readonly version: string;
  /** Path of an OIP inference request as JSON, or an array of them: the sample inputs. Without it they are generated. */
  readonly inputsFile?: string;
  /** Allowed difference from native onnxruntime, |a - b| <= absolute + relative * |b|; default 1e-3 and 1e-3. */
  readonly tolerance?: { readonly absolute: number; readonly relative: number };
  /** The heap that the model has to fit into, as a PoP's MEMORY_BUDGET_MIB; default: that setting's own. */
  readonly memoryBudgetMib?: number;
  /** Limit of each step that runs the model: a load, a run, the conversion; default 60. */
  readonly timeoutSeconds?: number;
  /** Limit of the native child process; default 3072. */
  readonly memoryLimitMib?: number;
  /** Names of the features in plain records: of the columns of the only input, or the inputs' own. */
  readonly features?: readonly string[];
  /** Class labels for the classification extension. */
  readonly labels?: readonly LabelsFile[];
  /** Sizes of the inputs that a PoP is to take at most; what is not given is measured, up to 4096. */
  readonly maxDims?: readonly MaxDim[];
  /** An input on which a run takes longer is too large, ms; 0: nothing is measured. Default 2000. */
  readonly probeLimitMs?: number;
  /** The release gate: test data, what is required of it, where the baseline comes from. */
  readonly validation?: ValidationOptions;
  /** Free text for the manifest. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** `ort` insists on conversion, `onnx` leaves the file as it is; default `auto`. */
  readonly format?: 'auto' | 'onnx' | 'ort';
}

export interface Publication {
  readonly manifest: Manifest;
  /** The manifest's artifacts. */
  readonly blobs: readonly PublishedBlob[];
  /** What was changed or found out, one sentence each; the manifest has them too. */
  readonly notes: readonly string[];
  /** What the release gate found, also where it is not as required: to refuse is up to the caller. */
  readonly validation?: Validation;
}
