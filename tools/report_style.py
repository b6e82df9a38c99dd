"""The style sheet of a report: light, dark and printed. Knows no content."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --card: #ffffff; --ink: #1b2128; --soft: #5d6874; --line: #dfe3e8; --rail: #e4e8ec;
  --good: #2f7fb8; --bad: #d1572b; --accent: #245e8a; --span: #9dc3de; --right: #e5f1f8; --wrong: #fbe6dd;
  --note: #fff6dc; --note-edge: #d9a520;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --card: #1c2229; --ink: #e6eaee; --soft: #9aa6b2; --line: #303942; --rail: #333c46;
    --good: #5aa9e0; --bad: #ef8357; --accent: #8cc4ee; --span: #345d7a; --right: #1d3546; --wrong: #47291c;
    --note: #352d14; --note-edge: #b98f22;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
main { max-width: 1120px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 27px; font-weight: 650; margin: 0 0 2px; letter-spacing: -0.01em; }
h2 { font-size: 19px; font-weight: 650; margin: 44px 0 6px; }
h3 { font-size: 15px; font-weight: 650; margin: 0 0 4px; }
p { margin: 0 0 12px; max-width: 78ch; }
.soft { color: var(--soft); }
.small { font-size: 13px; }
.grid2 { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(430px, 100%), 1fr)); gap: 18px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(196px, 1fr)); gap: 14px; margin-top: 22px; }
.tile b { display: block; font-size: 30px; font-weight: 640; line-height: 1.2; letter-spacing: -0.02em; }
.tile span { display: block; }
.note { background: var(--note); border-left: 4px solid var(--note-edge); border-radius: 4px; padding: 8px 14px;
  margin: 10px 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 13px; }
th, td { padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
tr:last-child td { border-bottom: 0; }
td.number, th.number { text-align: right; padding-right: 18px; }
td.wide { width: 150px; }
.scroll { overflow-x: auto; }
.confusion { table-layout: fixed; max-width: 720px; }
.confusion td { text-align: center; font-size: 19px; font-weight: 620; padding: 12px; border: 3px solid var(--card);
  border-radius: 8px; }
.confusion td small { display: block; font-size: 12px; font-weight: 400; color: var(--soft); }
.confusion th { padding: 6px 10px; border: 0; text-align: center; }
.confusion tr th:first-child { text-align: left; }
.right { background: var(--right); } .wrong { background: var(--wrong); } .neither { background: var(--rail); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
code, dd { font-family: ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace; font-size: 13px; }
svg.chart { display: block; width: 100%; height: auto; }
svg.interval { display: block; width: 128px; height: 12px; }
.grid { stroke: var(--line); stroke-width: 1; } .axis { fill: none; stroke: var(--soft); stroke-width: 1; }
.tick { fill: var(--soft); font-size: 11.5px; } .name { fill: var(--soft); font-size: 12.5px; }
.curve { fill: none; stroke: var(--accent); stroke-width: 2.2; stroke-linejoin: round; }
.chance { fill: none; stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 4 4; }
.point { fill: var(--bad); stroke: var(--card); stroke-width: 2; }
.now { stroke: var(--bad); stroke-width: 1.6; stroke-dasharray: 5 3; }
.whisker { stroke: var(--span); stroke-width: 3; stroke-linecap: round; }
.dot { fill: var(--accent); } .span { fill: var(--span); } .rail { stroke: var(--rail); stroke-width: 2; }
.bar.good { fill: var(--good); } .bar.bad { fill: var(--bad); }
.key { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin: 0 5px 0 12px; }
.key:first-child { margin-left: 0; }
.key.good { background: var(--good); } .key.bad { background: var(--bad); }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 14px; }
.gallery figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  overflow: hidden; }
.pair { display: flex; background: #000; gap: 2px; height: 150px; }
.pair img { flex: 1 1 0; min-width: 0; height: 100%; object-fit: contain; background: #23282e; }
.pair span { margin: auto; color: #c8ced5; font-size: 13px; }
figcaption { padding: 8px 12px 10px; font-size: 13px; overflow-wrap: anywhere; }
figcaption b { font-size: 15px; }
footer { margin-top: 48px; color: var(--soft); font-size: 13px; }
@media print {
  :root {
    color-scheme: light;
    --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc; --rail: #ddd; --good: #2f7fb8;
    --bad: #c04a20; --accent: #245e8a; --span: #9dc3de; --right: #e5f1f8; --wrong: #fbe6dd; --note: #fff;
  }
  body { font-size: 11px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  h2 { break-after: avoid; }
  .card, figure, tr, .note { break-inside: avoid; }
  .grid2 { grid-template-columns: 1fr 1fr; }
  .tiles { grid-template-columns: repeat(5, 1fr); gap: 8px; }
  .tile { padding: 10px 12px; }
  .tile b { font-size: 20px; }
  .small, th, code, dd, figcaption { font-size: 9.5px; }
  @page { margin: 14mm; }
}
"""
