// The entry of popserve/client/media: the client with pictures and texts. docs/client.md is its manual.
export * from '../index.ts';
export { MediaClient } from './media-client.ts';
export type {
  Box,
  ClassifyAnswer,
  ClassifyOptions,
  ClassifyTextsAnswer,
  ClassifyTextsOptions,
  DetectAnswer,
  DetectedObject,
  DetectOptions,
  DrawnPicture,
  EmbedAnswer,
  EmbedOptions,
  LabelScore,
  MarkTextsAnswer,
  MarkTextsOptions,
  Picture,
  PictureFile,
  PictureOptions,
  ReadAnswer,
  TextSpan,
  TextsRead,
} from './options.ts';
