// The story's additions to the style sheet of release reports.
export const storyStyle = `
:root { --pop-0: light-dark(#0a5f73, #6cc7dd); --pop-1: light-dark(#7a5a00, #d8c04a); --pop-2: light-dark(#b02a6b, #ff7eb6); }
.verdict.story { flex-wrap: wrap; }
.claims { list-style: none; padding: 0 !important; display: grid; gap: 6px 28px; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); flex: 1 1 600px; font-size: 14px; }
.claims li { padding-left: 22px; position: relative; line-height: 1.35; }
.claims li::before { content: "✓"; position: absolute; left: 0; color: var(--good); font-weight: 700; }
.claims li.fails::before { content: "✗"; color: var(--bad); }
.claims .soft { display: block; font-size: 12.5px; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; } .time { min-width: 680px; width: 100%; }
.key { flex-wrap: wrap; gap: 4px 16px; } .pops { margin-bottom: 4px; }
.line.pop-0 { stroke: var(--pop-0); } .line.pop-1 { stroke: var(--pop-1); } .line.pop-2 { stroke: var(--pop-2); }
.point.pop-0 { fill: var(--pop-0); } .point.pop-1 { fill: var(--pop-1); } .point.pop-2 { fill: var(--pop-2); }
.key .pop-0::before, .track.pop-0 i { background: var(--pop-0); } .key .pop-1::before, .track.pop-1 i { background: var(--pop-1); } .key .pop-2::before, .track.pop-2 i { background: var(--pop-2); }
.place { border-left: 4px solid; padding-left: 8px; } .place.pop-0 { border-color: var(--pop-0); } .place.pop-1 { border-color: var(--pop-1); } .place.pop-2 { border-color: var(--pop-2); }
.limit { stroke: var(--bad); stroke-width: 1.2; stroke-dasharray: 5 4; fill: none; } .limit-name { stroke: none; fill: var(--bad); }
.moment { stroke: var(--quiet); stroke-opacity: 0.55; fill: none; } .badge { fill: var(--text); } .badge-number { fill: var(--raised); font-size: 11px; font-weight: 600; }
.moments { columns: 260px; font-size: 13px; margin: 10px 0 0; padding-left: 22px; } .moments li { break-inside: avoid; padding: 1px 0; }
.shape { stroke-width: 1.4; stroke-linejoin: round; } .shape.then { fill: var(--old); fill-opacity: 0.28; stroke: var(--old); } .shape.now { fill: var(--new); fill-opacity: 0.28; stroke: var(--new); }
.key .then::before { background: var(--old); } .key .now::before { background: var(--new); }
.wide-plots { grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); } .wide-plots .plot { margin-top: 4px; }
td[rowspan] { vertical-align: top; } tr:nth-last-child(2) td[rowspan="2"], tr:nth-last-child(3) td[rowspan="3"] { border-bottom: 0; }
.reached { font-size: 12.5px; } th:last-child, td:last-child { padding-right: 0; }
.cards th { vertical-align: bottom; } .number { white-space: nowrap; } th.number { white-space: normal; }
@media (max-width: 600px) { main { padding: 24px 12px 40px; } .card { padding: 16px 14px; } .card td { font-size: 13px; } .card .metric { font-size: 12px; }
  .card td, .card th { padding-right: 6px; } .card .bars { width: auto; min-width: 36px; } }
`;
