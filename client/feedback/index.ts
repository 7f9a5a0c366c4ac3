// The entry of popserve/client/feedback: the client with the truth about its answers. docs/feedback.md is its manual.
export * from '../index.ts';
export { FeedbackClient, type KeptAnswer, type Truth } from './feedback-client.ts';
