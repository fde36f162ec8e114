"""How the page of findings looks, by day and by night."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --line: #d8dee4; --back: #ffffff; --card: #f6f8fa;
  --bar: #0072b2; --warn: #a84300; --good: #00704f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebee; --soft: #9ba5b0; --line: #343b43; --back: #101418;
  --card: #1a2027; --bar: #56b4e9; --warn: #f0a06a; --good: #4cc79c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1.25rem 4rem; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem; }
p { margin: .4rem 0; max-width: 46rem; }
.soft, figcaption { color: var(--soft); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
.tile b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
ol.advice { background: var(--card); border-left: 4px solid var(--warn); border-radius: .25rem; margin: 1rem 0;
  padding: .75rem 1rem .75rem 2.25rem; }
.good { color: var(--good); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .75rem .3rem 0; text-align: left; vertical-align: top; }
th { font-weight: 600; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.cards { display: flex; flex-wrap: wrap; gap: .75rem; }
.cards > div { margin: 0; max-width: 100%; }
td.path { min-width: 11rem; font-family: ui-monospace, monospace; font-size: .875rem; overflow-wrap: anywhere; }
.bar { background: var(--bar); border-radius: 2px; display: inline-block; height: .7rem; min-width: 2px; }
.pair, .group, .doubt { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; margin: .75rem 0;
  padding: .6rem .8rem; }
.doubt header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; }
.doubt header span:first-child { font-family: ui-monospace, monospace; font-size: .875rem; overflow-wrap: anywhere; }
.strip { display: flex; flex-wrap: wrap; gap: 6px; margin-top: .4rem; }
.strip img { border-radius: 3px; display: block; height: 4.75rem; width: auto; }
figure { margin: 0; display: inline-block; }
figcaption { font-size: .8rem; max-width: 9rem; overflow-wrap: anywhere; }
svg text { fill: var(--soft); font: 11px system-ui, sans-serif; }
svg rect { fill: var(--bar); }
"""
