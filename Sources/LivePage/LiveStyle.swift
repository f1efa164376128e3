/// How the live page looks, beyond what our pages have in common.
enum LiveStyle {
    static let text = #"""

        body { max-width: none; min-height: 100vh; padding: 0; display: flex; flex-direction: column; }
        [hidden] { display: none !important; }
        .unseen { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
        .skip { position: absolute; left: -99rem; }
        .skip:focus { left: .5rem; top: .5rem; z-index: 9; padding: .3rem .7rem; background: var(--ground); }
        body > header {
          display: flex; flex-wrap: wrap; align-items: center; gap: .3rem 1.25rem; padding: .55rem 1.25rem;
          background: var(--panel); border-bottom: 1px solid var(--line);
        }
        body > header h1 { font-size: 1.15rem; }
        body > header h1 a { color: inherit; text-decoration: none; }
        body > header p { margin: 0; }
        #state { display: flex; align-items: center; gap: .45rem; color: var(--text); font-size: .9rem; }
        #state i { width: .6rem; height: .6rem; border-radius: 50%; background: var(--faint); }
        #state[data-state=running] i { background: var(--good); }
        #state[data-state=degraded] i, #state[data-state=lost] i { background: var(--alarm); }
        #state[data-state=starting] i, #state[data-state=stopping] i { background: var(--warning); }
        :root { --good: #2b8a3e; --warning: #b06f00; --selected: #e4f1f4; }
        @media (prefers-color-scheme: dark) { :root { --good: #5cc46e; --warning: #e0a33a; --selected: #17323a; } }
        #figures { display: flex; flex-wrap: wrap; gap: .1rem 1.25rem; margin: 0; font-size: .9rem; }
        #figures div { display: flex; flex-direction: row-reverse; gap: .35rem; }
        #figures dd { font-weight: 600; font-variant-numeric: tabular-nums; }
        #figures .bad dd { color: var(--alarm); }
        .tools { display: flex; gap: .4rem; margin-left: auto; }
        button, select, input {
          font: inherit; font-size: .85rem; line-height: 1.2; padding: .35rem .7rem; color: var(--text); background: var(--ground);
          border: 1px solid var(--line); border-radius: .4rem;
        }
        button { cursor: pointer; }
        button:hover, select:hover { border-color: var(--faint); }
        button:disabled { opacity: .5; cursor: default; }
        button[aria-pressed=true], button[aria-expanded=true]:not(.head) { background: var(--selected); border-color: var(--expected); }
        input:focus-visible, select:focus-visible, main:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
        main:focus { outline: none; }
        #trouble { margin: 0; padding: .5rem 1.25rem; color: var(--alarm); background: var(--alarm-ground); }
        #health { padding: .25rem 1.25rem 1rem; background: var(--panel); border-bottom: 1px solid var(--line); }
        #health h2 { margin: .5rem 0 0; font-size: 1rem; }
        #health dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(21rem, 1fr)); gap: .1rem 2rem; margin: .5rem 0 0; font-size: .9rem; }
        #health dl div { display: grid; grid-template-columns: 6.5rem 1fr; }
        #notes { margin: .5rem 0; padding: .5rem .75rem .5rem 1.75rem; color: var(--alarm); background: var(--alarm-ground); border-radius: .4rem; }
        .panes { flex: 1; display: grid; grid-template-columns: minmax(17rem, 23rem) minmax(0, 1fr); }
        nav { display: flex; flex-direction: column; border-right: 1px solid var(--line); height: calc(100vh - 3.2rem); position: sticky; top: 0; }
        .search { display: flex; gap: .4rem; align-items: center; padding: .75rem .75rem .25rem; font-size: .85rem; color: var(--faint); }
        .search input { flex: 1; min-width: 0; }
        #count { margin: 0 .9rem .4rem; color: var(--faint); font-size: .8rem; }
        #streams { flex: 1; margin: 0; padding: 0 .4rem; overflow-y: auto; list-style: none; scrollbar-width: thin; }
        #streams a {
          display: grid; grid-template: "name score" auto "spark facts" auto / minmax(0, 1fr) auto; gap: .1rem .75rem; padding: .4rem .5rem;
          color: inherit; text-decoration: none; border-radius: .4rem;
        }
        #streams a:hover { background: var(--panel); }
        #streams a[aria-current] { background: var(--selected); box-shadow: inset 3px 0 var(--expected); }
        #streams a:focus-visible { outline-offset: -2px; }
        #streams .name { grid-area: name; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; font-weight: 600; font-size: .9rem; unicode-bidi: isolate; }
        #streams .score { grid-area: score; justify-self: end; display: flex; align-items: center; gap: .5rem; font-size: .8rem; font-variant-numeric: tabular-nums; }
        #streams .bar { width: 3.2rem; height: .4rem; background: var(--grid); border-radius: .2rem; overflow: hidden; }
        #streams .bar i { display: block; height: 100%; background: var(--faint); }
        #streams .bad .bar i, #streams .open .bar i { background: var(--alarm); }
        #streams .open .score, #streams .open .facts { color: var(--alarm); }
        #streams .spark { grid-area: spark; width: 100%; height: 1.4rem; }
        #streams .spark path { stroke: var(--expected); stroke-width: 1.3; vector-effect: non-scaling-stroke; }
        #streams .facts { grid-area: facts; align-self: center; color: var(--faint); font-size: .75rem; text-align: right; font-variant-numeric: tabular-nums; }
        #more { margin: .5rem .75rem .75rem; }
        main { padding: 1rem 1.5rem 2rem; min-width: 0; }
        main h2 { margin: 0; font-size: 1.2rem; }
        main h3 { margin: 1.5rem 0 .25rem; }
        .back { display: none; }
        .headline { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 .75rem; }
        .headline h2 { unicode-bidi: isolate; }
        #badges { color: var(--alarm); font-weight: 600; font-size: .85rem; }
        #facts-0, #no-points { color: var(--faint); font-size: .85rem; font-variant-numeric: tabular-nums; min-height: 1.5em; }
        .choice { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem; margin: .5rem 0; }
        .choice button { padding: .3rem .6rem; }
        #is-live { margin-left: .4rem; color: var(--faint); font-size: .8rem; }
        #is-live.live { color: var(--good); }
        #is-live.live::before { content: "●"; margin-right: .3rem; font-size: .7rem; }
        #stream figure { min-height: 20.5rem; }
        .anomalies .values { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
        .controls button[aria-pressed=true] { background: var(--panel); border-color: var(--line); }
        .say { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem; margin-top: .6rem; }
        .say input { flex: 1 1 12rem; min-width: 0; }
        .say .outcome { flex-basis: 100%; margin: 0; color: var(--faint); font-size: .85rem; }
        .anomalies { margin: .25rem 0; padding: 0; list-style: none; }
        .anomalies li { border-bottom: 1px solid var(--grid); }
        .anomalies .none { padding: .5rem 0; color: var(--faint); border: 0; }
        .anomalies .head {
          display: grid; grid-template-columns: 4.5rem 3.2rem minmax(8rem, 2fr) 10rem 6rem minmax(0, 1.4fr) 3.2rem; gap: .1rem .75rem;
          width: 100%; padding: .45rem .4rem; color: inherit; background: none; border: 0; border-radius: .3rem; text-align: left;
          text-decoration: none; font-size: .85rem; font-variant-numeric: tabular-nums; align-items: baseline;
        }
        #stream-list .head { grid-template-columns: 4.5rem 3.5rem 10.5rem 7rem minmax(0, 1fr) 3.2rem; }
        .anomalies .head:hover { background: var(--panel); }
        .anomalies .kind { color: var(--alarm); font-weight: 600; }
        .anomalies .dismissed .kind, .anomalies .dismissed .head { color: var(--faint); }
        .anomalies .number, .anomalies .lasted, .anomalies .values { color: var(--faint); }
        .anomalies .name { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; font-weight: 600; unicode-bidi: isolate; }
        .anomalies .open .lasted { color: var(--alarm); font-weight: 600; }
        .anomalies .score { text-align: right; }
        .anomalies .tags { grid-column: 3 / -1; color: var(--faint); font-size: .8rem; }
        .explanation { margin: 0 .4rem .75rem; padding: .6rem .9rem .75rem; background: var(--panel); border-radius: .5rem; font-size: .9rem; }
        .explanation dl { margin: 0; }
        .explanation dl div { display: grid; grid-template-columns: 5.5rem 1fr; gap: .75rem; padding: .08rem 0; }
        .explanation dt { text-align: right; }
        #older { margin-top: .5rem; }
        dialog { max-width: 32rem; color: var(--text); background: var(--ground); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.5rem 1.25rem; }
        dialog::backdrop { background: rgb(0 0 0 / .45); }
        dialog h2 { margin: 0 0 .5rem; }
        dialog dl { margin: .5rem 0 1rem; }
        dialog dl div { display: grid; grid-template-columns: 8.5rem 1fr; gap: .75rem; padding: .12rem 0; }
        dialog dd { color: var(--text); }
        dialog label { display: block; margin-top: .75rem; }
        dialog input { width: 100%; margin: .25rem 0; }
        #token-fault { min-height: 1.5em; color: var(--alarm); }
        kbd { padding: .05rem .4rem; font: .85em ui-monospace, "DejaVu Sans Mono", monospace; background: var(--panel); border: 1px solid var(--line); border-radius: .25rem; }
        @media (max-width: 64rem) {
          .anomalies .head, #stream-list .head { grid-template-columns: auto auto minmax(0, 1fr) auto; }
          .anomalies .name { grid-column: 3; }
          .anomalies time { grid-column: 1 / 4; grid-row: 2; }
          .anomalies .lasted { grid-column: 3; text-align: right; grid-row: 1; }
          .anomalies li:has(.name) .lasted { grid-column: 3 / -1; grid-row: 2; }
          .anomalies .values { grid-column: 1 / -1; grid-row: 3; }
          .anomalies .score { grid-column: 4; grid-row: 1; }
          .anomalies .tags { grid-column: 1 / -1; }
        }
        @media (max-width: 48rem) {
          body > header { padding: .5rem .75rem; gap: .2rem .75rem; }
          #figures { gap: .1rem .8rem; font-size: .8rem; order: 3; width: 100%; }
          .tools { gap: .3rem; }
          .tools button { padding: .3rem .55rem; }
          .panes { display: block; }
          nav { height: auto; position: static; border: 0; border-bottom: 1px solid var(--line); }
          #streams { max-height: none; }
          body.chosen nav { display: none; }
          body:not(.chosen) #streams { max-height: 55vh; }
          .back { display: block; margin: 0 0 .5rem; }
          main { padding: .75rem; }
          #health { padding: .25rem .75rem .75rem; }
          #health dl { grid-template-columns: 1fr; }
          #stream figure { min-height: 16.5rem; }
          .choice button { padding: .45rem .6rem; }
          .explanation dl div { grid-template-columns: 4.5rem 1fr; gap: .5rem; }
          .explanation { margin: 0 0 .75rem; padding: .6rem .6rem .75rem; }
        }
        @media (prefers-reduced-motion: no-preference) { #streams .bar i { transition: width .3s; } }
        @media print { nav, .tools, .choice, .say { display: none !important; } .panes { display: block; } }
        """#
}
