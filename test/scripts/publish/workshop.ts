// A folder for model files, one running inspector and a quiet progress: what the tests of publishing share.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Inspector } from '../../../scripts/inspect/inspector.ts';
import { type OnnxModel, writeModel } from '../../../scripts/onnx/model-file.ts';
import type { Progress } from '../../../scripts/publish/options.ts';
import { preparePublication } from '../../../scripts/validation/prepare-publication.ts';
import type { Publication, PublishOptions } from '../../../scripts/validation/publication.ts';

export const quiet: Progress = { step() {}, note() {} };

export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'popserve-test-'));
  readonly inspector: Inspector;

  private constructor(inspector: Inspector) {
    this.inspector = inspector;
  }

  static async open(): Promise<Workshop> {
    return new Workshop(await Inspector.start());
  }

  async close(): Promise<void> {
    await this.inspector.close();
    rmSync(this.folder, { recursive: true });
  }

  write(name: string, content: OnnxModel | Uint8Array | string): string {
    const path = join(this.folder, name);
    const isData = typeof content === 'string' || content instanceof Uint8Array;
    writeFileSync(path, isData ? content : writeModel(content));
    return path;
  }

  /** Without trying large inputs or LiteRT, unless that is asked for. */
  publish(file: string, options: Partial<PublishOptions> = {}): Promise<Publication> {
    const quick = { probeLimitMs: 0, engine: 'onnxruntime' } as const;
    return preparePublication({ file, model: 'm', version: '1', ...quick, ...options }, quiet, this.inspector);
  }
}
