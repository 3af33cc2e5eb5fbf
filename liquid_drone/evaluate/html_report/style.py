# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The style of a report: light and dark as the reader's system asks, one column on a telephone."""

STYLE = """
:root{color-scheme:light dark;--ink:#1c2328;--soft:#5b666e;--page:#fbfbf9;--card:#fff;
--rule:#dfe3e6;--heat-l:82%;--heat-s:58%;--c0:#1f6fb2;--c1:#c8502b;--c2:#2f8a57;--c3:#8a4fa3;
--c4:#b58a1c;--c5:#247f8a;--c6:#b0396b;--c7:#6a6f76}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9eb;--soft:#a3adb5;--page:#14181b;
--card:#1c2226;--rule:#333c43;--heat-l:27%;--heat-s:48%;--c0:#6bb3ee;--c1:#f08a66;--c2:#6cc794;
--c3:#c792dd;--c4:#e0bd57;--c5:#68c3cf;--c6:#ee86b0;--c7:#b4bac1}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1.2rem;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.7rem;line-height:1.2;margin:.2em 0}h2{font-size:1.25rem;margin:2.2em 0 .4em}
p{max-width:48rem;margin:.5em 0}.soft{color:var(--soft)}.lead{font-size:1.15rem}
table{border-collapse:collapse;font-size:.92rem;background:var(--card);margin:.6em 0}
th,td{padding:.35em .6em;border:1px solid var(--rule);text-align:left;vertical-align:middle;
overflow-wrap:break-word}
th{font-weight:600}tbody th{min-width:7rem;overflow-wrap:anywhere}
td:has(code){overflow-wrap:anywhere}
.heats-of{margin:.8em 0}.heats-of h3{margin:0 0 .3em;font-size:1rem}
.heats{display:grid;gap:.3rem;grid-template-columns:repeat(auto-fill,minmax(8.2rem,1fr))}
.heat{padding:.5em .6em;border-radius:5px;background:hsl(var(--h) var(--heat-s) var(--heat-l))}
.heat .name{display:block;font-size:.9rem}.heat b{font-size:1.2rem}.heat small{display:block}
.heat.none{background:none;border:1px dashed var(--rule);color:var(--soft)}
details{margin:.5em 0}summary{cursor:pointer;padding:.3em 0}li{max-width:48rem;margin:.3em 0}
ul{padding-left:1.2rem}h3{font-size:1.05rem;margin:1.4em 0 .4em}
.bar{position:relative;width:11rem;height:1rem;background:var(--rule);border-radius:3px}
.interval{position:absolute;top:.3rem;height:.4rem;background:var(--c0);opacity:.45}
.one{position:absolute;top:.2rem;width:.6rem;height:.6rem;margin-left:-.3rem;
border-radius:50%;border:1.5px solid var(--c1)}
.dot{position:absolute;top:.1rem;width:.8rem;height:.8rem;margin-left:-.4rem;
border-radius:50%;background:var(--c0)}
.cards{display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr))}
.card{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:.8rem;
min-width:0}.card h3{margin:0 0 .3em;font-size:1rem}
.plots{display:grid;gap:1rem;align-items:start;
grid-template-columns:repeat(auto-fill,minmax(min(100%,30rem),1fr))}.plots figure{margin:0}
figure{margin:.6em 0}figcaption{font-weight:600}
svg{width:100%;height:auto;display:block;background:var(--card)}
svg.above{max-height:20rem}svg text{fill:var(--soft);font-size:15px}
figcaption .soft{font-weight:400}
video,img{width:100%;height:auto;display:block;border-radius:4px}img{background:#fff}
.grid{stroke:var(--rule)}.line{fill:none;stroke-width:2.2}.span{stroke-width:3;opacity:.4}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1rem;padding:0;margin:.2em 0;
font-size:.9rem}.key{display:inline-block;width:1rem;height:.3rem;margin-right:.4rem;
vertical-align:middle}
.trunk{fill:var(--c4);opacity:.55}.drone,.target{fill:none;stroke-width:.35}
.drone{stroke:var(--c0)}.target{stroke:var(--c1);stroke-dasharray:.8 .5}.end{fill:var(--c0)}
.scale{stroke:var(--soft);stroke-width:.3}
.failed{color:var(--c1);font-weight:600}.good{color:var(--c2);font-weight:600}
code{font-size:.88em}pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--card);padding:.7rem;
border:1px solid var(--rule);border-radius:6px}
@media (max-width:60rem){table,tbody,tr,th,td{display:block;width:100%}thead{display:none}
table{background:none}tr{background:var(--card);border:1px solid var(--rule);border-radius:6px;
margin:.6em 0;padding:.3em .6em}th,td{border:0;padding:.15em 0}
td{display:grid;grid-template-columns:7.5rem 1fr;gap:.6rem;align-items:center}
td::before{content:attr(data-of);color:var(--soft)}td:empty{display:none}.bar{width:100%}}
@media (max-width:40rem){body{padding:.8rem}svg.chart text{font-size:19px}
.heats{grid-template-columns:repeat(auto-fill,minmax(7.2rem,1fr))}}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem}a{color:var(--c0)}
""" + ''.join(
    f'.line.c{n},.span.c{n}{{stroke:var(--c{n})}}.point.c{n}{{fill:var(--c{n})}}'
    f'.key.c{n}{{background:var(--c{n})}}'
    for n in range(8)
)
