// Styles and scripts of the console are modules of text (wrangler's default rule for .txt).
declare module '*.txt' {
  const text: string;
  export default text;
}
