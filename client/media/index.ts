// The entry of popserve/client/media: the client with pictures and texts. docs/client.md is its manual.
export * from '../index.ts';
export { MediaClient } from './media-client.ts';
export type {
  Box,
  ClassifyAnswer,
  ClassifyOptions,
  DetectAnswer,
  DetectedObject,
  DetectOptions,
  DrawnPicture,
  EmbedAnswer,
  EmbedOptions,
  LabelScore,
  Picture,
  PictureFile,
  PictureOptions,
} from './options.ts';
