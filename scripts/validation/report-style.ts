// The style sheet of the report: one page that reads well on paper, in light and in dark.
export const reportStyle = `
:root { color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b2330; --soft: #5c6779; --line: #e2e6ec; --faint: #eef1f5;
  --new: #2463d1; --old: #c2730a; --good: #1a7f4b; --bad: #c0362c; --warn: #9a6700; --heat: 36, 99, 209;
  --c0: #0f8a8a; --c1: #d9480f; --c2: #7b3fc4; --c3: #2b8a3e; --c4: #c2255c; --c5: #8a6d00; --c6: #5c6b7a; --c7: #0b7fb8; --c8: #8b4513; --c9: #b84fc9; }
@media (prefers-color-scheme: dark) { :root {
  --page: #10141b; --card: #181e27; --ink: #e7ebf1; --soft: #9aa6b8; --line: #2b3442; --faint: #212936;
  --new: #74a7ff; --old: #f0a348; --good: #4cc38a; --bad: #ff7b72; --warn: #e3b341; --heat: 92, 148, 255;
  --c0: #3fc1c0; --c1: #ff8c5a; --c2: #b794f6; --c3: #69db7c; --c4: #f783ac; --c5: #d8c04a; --c6: #a5b1c2; --c7: #4fc3f7; --c8: #d2a679; --c9: #e599f7; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 36px 24px 56px; }
header { margin-bottom: 22px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; }
h1 .version { color: var(--soft); font-weight: 500; }
h2 { font-size: 16px; margin: 0 0 4px; }
p { margin: 0; }
.soft { color: var(--soft); }
.verdict { display: flex; gap: 14px; align-items: baseline; border-left: 5px solid var(--good); background: var(--card); border-radius: 8px; padding: 14px 18px; margin: 18px 0 22px; box-shadow: 0 0 0 1px var(--line); }
.verdict b { font-size: 17px; color: var(--good); white-space: nowrap; }
.verdict.refused { border-left-color: var(--bad); } .verdict.refused b { color: var(--bad); }
.verdict.forced { border-left-color: var(--warn); } .verdict.forced b { color: var(--warn); }
.verdict ul { margin: 0; padding-left: 18px; }
.cards { display: flex; flex-wrap: wrap; gap: 16px; }
.card { flex: 1 1 340px; min-width: 0; background: var(--card); border-radius: 10px; padding: 18px 20px; box-shadow: 0 0 0 1px var(--line); break-inside: avoid; overflow-x: auto; }
.card.wide { flex-basis: 100%; }
.card > .soft { font-size: 13px; margin-bottom: 10px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; font-size: 12px; color: var(--soft); padding: 4px 10px 6px 0; border-bottom: 1px solid var(--line); }
td { padding: 6px 10px 6px 0; border-bottom: 1px solid var(--faint); }
tr:last-child td { border-bottom: 0; }
.number { text-align: right; }
code, .metric { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 13px; }
.bars { width: 34%; min-width: 120px; }
.track { position: relative; height: 6px; border-radius: 3px; background: var(--faint); margin: 3px 0; }
.track i { position: absolute; inset: 0 auto 0 0; border-radius: 3px; background: var(--new); }
.track.old i { background: var(--old); }
.better { color: var(--good); } .worse { color: var(--bad); }
.key { display: inline-flex; flex-wrap: wrap; gap: 2px 16px; font-size: 13px; color: var(--soft); }
.key span::before { content: ""; display: inline-block; width: 18px; height: 3px; border-radius: 2px; margin-right: 6px; vertical-align: middle; background: var(--new); }
.key .old::before { background: var(--old); }
.key .chance::before { background: none; border-top: 2px dashed var(--soft); height: 0; }
svg { display: block; max-width: 100%; height: auto; }
.plot { width: 100%; }
.grid { stroke: var(--line); fill: none; stroke-width: 1; }
.axis { stroke: var(--line); fill: none; }
.tick { fill: var(--soft); font-size: 11px; } .name { fill: var(--soft); font-size: 12px; }
.line { fill: none; stroke-width: 2.2; stroke-linejoin: round; stroke-linecap: round; }
.line.new { stroke: var(--new); } .line.old { stroke: var(--old); stroke-dasharray: 6 4; }
.line.one { stroke-width: 1.5; stroke-opacity: 0.9; }
.line.c0 { stroke: var(--c0); } .key .c0::before { background: var(--c0); } .line.c1 { stroke: var(--c1); } .key .c1::before { background: var(--c1); }
.line.c2 { stroke: var(--c2); } .key .c2::before { background: var(--c2); } .line.c3 { stroke: var(--c3); } .key .c3::before { background: var(--c3); }
.line.c4 { stroke: var(--c4); } .key .c4::before { background: var(--c4); } .line.c5 { stroke: var(--c5); } .key .c5::before { background: var(--c5); }
.line.c6 { stroke: var(--c6); } .key .c6::before { background: var(--c6); } .line.c7 { stroke: var(--c7); } .key .c7::before { background: var(--c7); }
.line.c8 { stroke: var(--c8); } .key .c8::before { background: var(--c8); } .line.c9 { stroke: var(--c9); } .key .c9::before { background: var(--c9); }
.chance { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 4 4; fill: none; }
.dot { fill: var(--new); fill-opacity: 0.45; } .bar { fill: var(--new); }
.confusion { width: auto; margin: 0 auto; }
.confusion td, .confusion th { border: 0; padding: 0; text-align: center; }
.confusion th { padding: 4px 10px; font-size: 13px; color: var(--ink); font-weight: 500; white-space: nowrap; }
.confusion .of { color: var(--soft); font-size: 12px; font-weight: 400; }
.confusion td div { min-width: 88px; padding: 16px 12px; margin: 2px; border-radius: 6px; line-height: 1.25; }
.confusion td b { font-size: 18px; font-weight: 600; } .confusion td small { display: block; opacity: 0.8; }
.confusion.small td div { min-width: 40px; padding: 7px 4px; font-size: 12px; } .confusion.small td b { font-size: 12px; } .confusion.small small { display: none; }
.features { display: grid; gap: 14px 22px; grid-template-columns: repeat(auto-fill, minmax(165px, 1fr)); }
.features div { font-size: 12px; } .features .spark { width: 100%; max-width: 190px; margin: 4px 0 2px; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; font-size: 13px; } .facts dt { color: var(--soft); } .facts dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 20px; font-size: 12px; color: var(--soft); }
@media print { body { background: #fff; } main { padding: 0; } }
`;
