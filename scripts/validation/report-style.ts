// The style sheet of the report, in the console's colours and type: one page that reads well on paper, in light and in dark.
export const reportStyle = `
:root { color-scheme: light dark;
  --ground: light-dark(#fbfbfa, #131517); --raised: light-dark(#ffffff, #1b1e21); --soft: light-dark(#f1f2f0, #24282c);
  --line: light-dark(#dcdfda, #343a40); --text: light-dark(#1b1f23, #e7eaec); --quiet: light-dark(#565d64, #a3abb3);
  --accent: light-dark(#0a5f73, #6cc7dd); --on-accent: light-dark(#ffffff, #06262e);
  --good: light-dark(#1a6b3c, #74d39b); --warn: light-dark(#8a5300, #f0b860); --bad: light-dark(#a4231c, #ff9f97);
  --new: var(--accent); --old: light-dark(#b35c00, #f0a348);
  --c0: light-dark(#0f8a8a, #3fc1c0); --c1: light-dark(#d9480f, #ff8c5a); --c2: light-dark(#7b3fc4, #b794f6); --c3: light-dark(#2b8a3e, #69db7c); --c4: light-dark(#c2255c, #f783ac);
  --c5: light-dark(#8a6d00, #d8c04a); --c6: light-dark(#5c6b7a, #a5b1c2); --c7: light-dark(#0b7fb8, #4fc3f7); --c8: light-dark(#8b4513, #d2a679); --c9: light-dark(#b84fc9, #e599f7); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 36px 24px 56px; }
header { margin-bottom: 22px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; }
h1 .version { color: var(--quiet); font-weight: 500; }
h2 { font-size: 16px; margin: 0 0 4px; }
p { margin: 0; }
.soft { color: var(--quiet); }
.verdict { display: flex; gap: 14px; align-items: baseline; border-left: 5px solid var(--good); background: var(--raised); border-radius: 8px; padding: 14px 18px; margin: 18px 0 22px; box-shadow: 0 0 0 1px var(--line); }
.verdict b { font-size: 17px; color: var(--good); white-space: nowrap; }
.verdict.refused { border-left-color: var(--bad); } .verdict.refused b { color: var(--bad); }
.verdict.forced { border-left-color: var(--warn); } .verdict.forced b { color: var(--warn); }
.verdict.neutral { border-left-color: var(--line); } .verdict.neutral b { color: var(--text); }
.verdict ul { margin: 0; padding-left: 18px; }
.cards { display: flex; flex-wrap: wrap; gap: 16px; }
.card { flex: 1 1 340px; min-width: 0; background: var(--raised); border-radius: 10px; padding: 18px 20px; box-shadow: 0 0 0 1px var(--line); break-inside: avoid; overflow-x: auto; }
.card.wide { flex-basis: 100%; }
.card > .soft { font-size: 13px; margin-bottom: 10px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; font-size: 12px; color: var(--quiet); padding: 4px 10px 6px 0; border-bottom: 1px solid var(--line); }
td { padding: 6px 10px 6px 0; border-bottom: 1px solid var(--soft); }
tr:last-child td { border-bottom: 0; }
.number { text-align: right; }
code, .metric { font-family: ui-monospace, "SF Mono", "Cascadia Mono", "Liberation Mono", monospace; font-size: 13px; }
.bars { width: 34%; min-width: 120px; }
.track { position: relative; height: 6px; border-radius: 3px; background: var(--soft); margin: 3px 0; }
.track i { position: absolute; inset: 0 auto 0 0; border-radius: 3px; background: var(--new); }
.track.old i { background: var(--old); }
.better { color: var(--good); } .worse { color: var(--bad); }
.key { display: inline-flex; flex-wrap: wrap; gap: 2px 16px; font-size: 13px; color: var(--quiet); }
.key span::before { content: ""; display: inline-block; width: 18px; height: 3px; border-radius: 2px; margin-right: 6px; vertical-align: middle; background: var(--new); }
.key .old::before { background: var(--old); }
.key .chance::before { background: none; border-top: 2px dashed var(--quiet); height: 0; }
svg { display: block; max-width: 100%; height: auto; }
.plot { width: 100%; }
.grid { stroke: var(--line); fill: none; stroke-width: 1; }
.axis { stroke: var(--line); fill: none; }
.tick { fill: var(--quiet); font-size: 11px; } .name { fill: var(--quiet); font-size: 12px; }
.line { fill: none; stroke-width: 2.2; stroke-linejoin: round; stroke-linecap: round; }
.line.new { stroke: var(--new); } .line.old { stroke: var(--old); stroke-dasharray: 6 4; }
.line.one { stroke-width: 1.5; stroke-opacity: 0.9; }
.line.c0 { stroke: var(--c0); } .key .c0::before { background: var(--c0); } .line.c1 { stroke: var(--c1); } .key .c1::before { background: var(--c1); }
.line.c2 { stroke: var(--c2); } .key .c2::before { background: var(--c2); } .line.c3 { stroke: var(--c3); } .key .c3::before { background: var(--c3); }
.line.c4 { stroke: var(--c4); } .key .c4::before { background: var(--c4); } .line.c5 { stroke: var(--c5); } .key .c5::before { background: var(--c5); }
.line.c6 { stroke: var(--c6); } .key .c6::before { background: var(--c6); } .line.c7 { stroke: var(--c7); } .key .c7::before { background: var(--c7); }
.line.c8 { stroke: var(--c8); } .key .c8::before { background: var(--c8); } .line.c9 { stroke: var(--c9); } .key .c9::before { background: var(--c9); }
.chance { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 4 4; fill: none; }
.dot { fill: var(--new); fill-opacity: 0.45; } .bar { fill: var(--new); }
.confusion { width: auto; margin: 0 auto; }
.confusion td, .confusion th { border: 0; padding: 0; text-align: center; }
.confusion th { padding: 4px 10px; font-size: 13px; color: var(--text); font-weight: 500; white-space: nowrap; }
.confusion .of { color: var(--quiet); font-size: 12px; font-weight: 400; }
.confusion td div { min-width: 88px; padding: 16px 12px; margin: 2px; border-radius: 6px; line-height: 1.25; }
.confusion td b { font-size: 18px; font-weight: 600; } .confusion td small { display: block; opacity: 0.8; }
.confusion.small td div { min-width: 40px; padding: 7px 4px; font-size: 12px; } .confusion.small td b { font-size: 12px; } .confusion.small small { display: none; }
.features { display: grid; gap: 14px 22px; grid-template-columns: repeat(auto-fill, minmax(165px, 1fr)); }
.features div { font-size: 12px; } .features .spark { width: 100%; max-width: 190px; margin: 4px 0 2px; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; font-size: 13px; } .facts dt { color: var(--quiet); } .facts dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 20px; font-size: 12px; color: var(--quiet); }
/* On a phone a row of figures takes two lines: its name, then its numbers. */
@media (max-width: 600px) { main { padding: 20px 12px 40px; } .card { padding: 14px; } h1 { font-size: 23px; } .verdict { flex-wrap: wrap; }
  .figures, .figures tbody { display: block; } .figures tr { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); border-bottom: 1px solid var(--soft); padding: 4px 0; }
  .figures td, .figures th { border: 0; padding: 1px 6px 1px 0; font-size: 13px; } .figures .metric, .figures .bars { grid-column: 1 / -1; width: auto; } .figures th.bars, .figures th.metric { display: none; } }
@media print { body { background: #fff; } main { padding: 0; } }
`;
