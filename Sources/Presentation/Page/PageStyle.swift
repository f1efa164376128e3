/// How our pages look, the report's and the live one: light or dark as the reader likes it, on a telephone, and on paper.
package enum PageStyle {
    package static let text = #"""
        :root {
          --ground: #ffffff; --panel: #f6f7f9; --text: #1b1f24; --faint: #5f6772; --grid: #e3e6ea; --line: #d3d8de;
          --expected: #0b7285; --alarm: #c92a2a; --alarm-ground: #fdeeee; --link: #1864ab;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #16181d; --panel: #1e2128; --text: #e6e8eb; --faint: #9aa3ae; --grid: #2c3138; --line: #3a4049;
            --expected: #4dc4d8; --alarm: #ff7b72; --alarm-ground: #3a1f22; --link: #74b9f0;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0 auto; padding: 1.5rem 1.25rem; max-width: 72rem; background: var(--ground); color: var(--text);
          font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; overflow-wrap: anywhere;
        }
        h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; }
        h2 { margin: 2.25rem 0 .5rem; font-size: 1.2rem; }
        h3 { margin: 0; font-size: 1rem; }
        p { margin: .25rem 0; }
        a { color: var(--link); }
        header p, footer, article p, noscript { color: var(--faint); }
        footer { margin-top: 2.5rem; font-size: .85rem; }
        time { white-space: nowrap; }
        code { font: .9em ui-monospace, "DejaVu Sans Mono", monospace; }
        dl { margin: 1rem 0; }
        dt { color: var(--faint); }
        dd { margin: 0; }
        .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; }
        .figures div {
          display: flex; flex-direction: column-reverse; justify-content: flex-end; padding: .6rem .9rem; background: var(--panel);
          border-radius: .5rem;
        }
        .figures dd { font-size: 1.5rem; font-weight: 600; font-variant-numeric: tabular-nums; }
        .figures dt { font-size: .85rem; }
        .figures .bad dd, .bad th[scope=row], article strong { color: var(--alarm); }
        .kinds { display: grid; gap: .1rem 1.5rem; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); }
        .kinds div { display: flex; gap: .6rem; }
        .kinds dt { min-width: 5rem; color: var(--text); font-weight: 600; }
        .kinds dd { color: var(--faint); }
        article { margin: 1rem 0 2rem; scroll-margin-top: 1rem; break-inside: avoid; }
        figure { margin: .5rem 0 0; }
        .controls { display: flex; flex-wrap: wrap; gap: .4rem; align-items: center; margin-bottom: .25rem; }
        .controls button {
          font: inherit; font-size: .85rem; line-height: 1.2; padding: .3rem .65rem; color: var(--text);
          background: var(--panel); border: 1px solid var(--line); border-radius: 1rem; cursor: pointer;
        }
        .controls button[aria-pressed=false] { color: var(--faint); text-decoration: line-through; opacity: .75; }
        .controls i { display: inline-block; width: .9rem; height: .55rem; margin-right: .4rem; border-radius: 2px; }
        .controls .value i { height: 2px; vertical-align: .25em; background: var(--text); }
        .controls .expected i { height: 2px; vertical-align: .25em; background: var(--expected); }
        .controls .band i { background: var(--expected); opacity: .3; }
        .controls .anomalies i { background: var(--alarm); opacity: .8; }
        figure svg {
          display: block; width: 100%; height: auto; touch-action: pan-y; cursor: crosshair; border-radius: .25rem;
          user-select: none; -webkit-user-select: none;
        }
        svg:focus-visible, button:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
        svg:focus:not(:focus-visible) { outline: none; }
        svg text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: var(--faint); }
        svg path { fill: none; stroke-linejoin: round; stroke-linecap: round; }
        svg .grid { stroke: var(--grid); }
        svg .axis { stroke: var(--faint); }
        svg .band { fill: var(--expected); opacity: .18; }
        svg .expected { stroke: var(--expected); stroke-width: 1.2; }
        svg .value { stroke: var(--text); stroke-width: 1.4; }
        svg .envelope { fill: var(--text); fill-opacity: .22; stroke-width: 1; }
        svg .flagged { stroke: var(--alarm); stroke-width: 2.6; }
        svg .span { fill: var(--alarm); opacity: .13; }
        svg .mark { fill: var(--alarm); }
        svg .dismissed { fill: var(--faint); }
        svg .cross { stroke: var(--faint); stroke-dasharray: 3 3; }
        svg .dot { fill: var(--text); stroke: var(--ground); stroke-width: 1.5; }
        svg .range { fill: var(--link); opacity: .18; }
        output { display: block; min-height: 1.5em; color: var(--faint); font-size: .85rem; font-variant-numeric: tabular-nums; }
        output b { color: var(--text); font-weight: 600; }
        output .alarm { color: var(--alarm); }
        .wide { overflow-x: auto; margin: .5rem 0; }
        table { border-collapse: collapse; width: 100%; font-size: .85rem; font-variant-numeric: tabular-nums; }
        th, td { padding: .35rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid); }
        thead th { color: var(--faint); font-weight: 600; white-space: nowrap; }
        tbody th { font-weight: 600; }
        tbody th, tbody td { overflow-wrap: normal; }
        td[data-title=Stream], th[data-title=Stream], td[data-title=Said] {
          overflow-wrap: anywhere; min-width: 9rem;
        }
        td[data-title=Lasted], td[data-title=Network] { white-space: nowrap; }
        tr:target { background: var(--alarm-ground); }
        @media (max-width: 48rem) {
          body { padding: 1rem .85rem; }
          .figures { grid-template-columns: repeat(auto-fit, minmax(6.5rem, 1fr)); gap: .5rem; }
          .figures div { padding: .45rem .7rem; }
          .figures dd { font-size: 1.25rem; }
          .controls { gap: .25rem; }
          .controls button { padding: .3rem .5rem; font-size: .8rem; }
          .controls i { margin-right: .25rem; }
          .kinds { grid-template-columns: 1fr; }
          /* Each row is a card, with the titles of the columns beside their cells. */
          thead { position: absolute; clip-path: inset(50%); }
          table, tbody, tr, th, td { display: block; width: 100%; }
          tbody tr { display: grid; grid-template-columns: 1fr 1fr; grid-auto-flow: dense; gap: 0 .75rem; }
          [data-title=Stream], [data-title=Since], [data-title=Said], [data-title=State] { grid-column: 1 / -1; }
          [data-title=Peak], [data-title=Newest], [data-title=Network], [data-title=Updates] { grid-column: 1 / -1; }
          tr { padding: .5rem .7rem; margin-bottom: .6rem; background: var(--panel); border-radius: .5rem; }
          tbody th, tbody td { display: grid; min-width: 0; white-space: normal; grid-template-columns: 5rem 1fr; padding: .1rem 0; border: 0; overflow-wrap: anywhere; }
          tbody td:empty { display: none; }
          tbody th::before, tbody td::before { content: attr(data-title); color: var(--faint); font-weight: 400; }
        }
        @media print {
          :root {
            --ground: #fff; --panel: #fff; --text: #000; --faint: #444; --grid: #ddd; --line: #bbb; --expected: #0b7285;
            --alarm: #c92a2a; --alarm-ground: #fff; --link: #000;
          }
          body { max-width: none; padding: 0; font-size: 11px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          output, .controls button.reset, .controls button[aria-pressed=false] { display: none; }
          .controls button { border: 0; padding: 0 .5rem 0 0; }
          .figures div { border: 1px solid #bbb; }
          .wide { overflow: visible; }
          tr, article { break-inside: avoid; }
        }
        @media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
        """#
}
