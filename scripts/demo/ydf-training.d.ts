// The part of ydf-training (Yggdrasil Decision Forests, compiled to WebAssembly) that the demo uses; the package carries no types.
declare module 'ydf-training' {
  type Columns = Readonly<Record<string, readonly (number | string)[]>>;

  interface Model {
    /** The probability of the second label class, for a classifier of two. */
    predict(columns: Columns): ArrayLike<number>;
    getLabelClasses(): string[];
    getInputFeatures(): { readonly name: string; readonly specIdx: number }[];
    unload(): void;
    readonly internalModel: { save(folder: string): void };
  }

  interface Ydf {
    readonly GradientBoostedTreesLearner: new (
      label: string,
      task: 'CLASSIFICATION',
    ) => { train(columns: Columns): Model };
    /** Emscripten's file system in memory. */
    readonly FS: { readFile(path: string): Uint8Array };
  }

  export default function load(options?: {
    print?: (line: string) => void;
    printErr?: (line: string) => void;
  }): Promise<Ydf>;
}
