/// The page before its script has filled it.
enum LiveHTML {
    static let icon = #"""
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b7285"/>\#
        <path d="M4 19h6l3 3 4-16 4 17 2-4h5" fill="none" stroke="#fff" stroke-width="2.6" stroke-linejoin="round" stroke-linecap="round"/>\#
        </svg>

        """#

    /// - Parameters: where its files are, relative to it.
    static func page(style: String, script: String, icon: String) -> String {
        #"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="referrer" content="no-referrer">
        <meta name="color-scheme" content="light dark">
        <title>anomalyd</title>
        <link rel="icon" type="image/svg+xml" href="\#(icon)">
        <link rel="stylesheet" href="\#(style)">
        <script src="\#(script)" defer></script>
        </head>
        <body>
        <a class="skip" href="#main">Skip the list of streams</a>
        <header>
        <h1><a href="#">anomalyd</a></h1>
        <p id="state" data-state="unknown"><i aria-hidden="true"></i><span id="state-word">connecting</span></p>
        <dl id="figures">
        <div><dt>streams</dt><dd id="figure-streams">–</dd></div>
        <div><dt>points/s</dt><dd id="figure-rate">–</dd></div>
        <div><dt>open anomalies</dt><dd id="figure-open">–</dd></div>
        <div class="secondary"><dt>last commit</dt><dd id="figure-commit">–</dd></div>
        </dl>
        <div class="tools">
        <button type="button" id="health-button" aria-expanded="false" aria-controls="health">Health</button>
        <button type="button" id="token-button" hidden>Unlock</button>
        <button type="button" id="help-button" aria-haspopup="dialog">Keys</button>
        </div>
        </header>
        <p id="trouble" role="alert" hidden></p>
        <p id="announcement" class="unseen" role="status" aria-live="polite"></p>
        <noscript><p>This page needs its script. Without it, <code>anomalyctl status</code>, <code>streams</code> and
        <code>anomalies</code> say the same.</p></noscript>
        <section id="health" aria-labelledby="health-title" hidden>
        <h2 id="health-title">Health</h2>
        <ul id="notes"></ul>
        <dl id="health-figures"></dl>
        </section>
        <div class="panes">
        <nav aria-label="Streams">
        <div class="search" role="search">
        <input type="search" id="search" placeholder="Search streams" aria-label="Search streams: a part of the name, or a pattern such as web.*"
        aria-keyshortcuts="/" autocomplete="off" autocapitalize="off" spellcheck="false">
        <label for="sort">Sort</label>
        <select id="sort"><option value="score">worst</option><option value="name">name</option><option value="last">newest</option><option value="points">points</option></select>
        </div>
        <p id="count" aria-live="polite">Reading…</p>
        <ul id="streams"></ul>
        <button type="button" id="more" hidden>Show more</button>
        </nav>
        <main id="main" tabindex="-1">
        <section id="overview" aria-labelledby="overview-title">
        <h2 id="overview-title">Anomalies</h2>
        <div class="choice" role="group" aria-label="Which anomalies">
        <button type="button" id="all-anomalies" aria-pressed="true">All</button>
        <button type="button" id="open-anomalies" aria-pressed="false">Open</button>
        </div>
        <ul class="anomalies" id="all-list"></ul>
        <button type="button" id="older" hidden>Older</button>
        </section>
        <section id="stream" aria-labelledby="name-0" hidden>
        <p class="back"><a href="#">← All streams</a></p>
        <div class="headline"><h2 id="name-0"></h2><span id="badges"></span></div>
        <p id="facts-0"></p>
        <div class="choice" role="group" aria-label="Range of time" id="ranges"></div>
        <div class="choice" id="channels" hidden><label for="channel">Channel</label> <select id="channel"></select></div>
        <figure data-chart="0"></figure>
        <p id="no-points" hidden>No points in this time.</p>
        <div id="mute" class="say" hidden></div>
        <h3 id="stream-anomalies">Anomalies</h3>
        <ul class="anomalies" id="stream-list" aria-labelledby="stream-anomalies"></ul>
        </section>
        </main>
        </div>
        <dialog id="help" aria-labelledby="help-title">
        <h2 id="help-title">Keys</h2>
        <dl>
        <div><dt><kbd>/</kbd></dt><dd>search streams</dd></div>
        <div><dt><kbd>j</kbd> <kbd>k</kbd> or <kbd>↓</kbd> <kbd>↑</kbd></dt><dd>next, last stream</dd></div>
        <div><dt><kbd>Enter</kbd></dt><dd>show it</dd></div>
        <div><dt><kbd>c</kbd></dt><dd>to the chart</dd></div>
        <div><dt><kbd>←</kbd> <kbd>→</kbd></dt><dd>in the chart: point by point, with Shift by ten</dd></div>
        <div><dt><kbd>n</kbd> <kbd>p</kbd></dt><dd>next, last anomaly</dd></div>
        <div><dt><kbd>+</kbd> <kbd>−</kbd></dt><dd>zoom (or drag, or Ctrl and the wheel)</dd></div>
        <div><dt><kbd>[</kbd> <kbd>]</kbd></dt><dd>back and on (or drag with Shift)</dd></div>
        <div><dt><kbd>l</kbd></dt><dd>the newest points, live</dd></div>
        <div><dt><kbd>h</kbd></dt><dd>health</dd></div>
        <div><dt><kbd>a</kbd> or <kbd>Esc</kbd></dt><dd>all anomalies</dd></div>
        <div><dt><kbd>?</kbd></dt><dd>this help</dd></div>
        </dl>
        <form method="dialog"><button>Close</button></form>
        </dialog>
        <dialog id="unlock" aria-labelledby="unlock-title">
        <h2 id="unlock-title">Say something</h2>
        <p>With the token in <code>http.token_file</code>, anomalies can be acknowledged, labelled and muted. It is kept until
        this tab is closed.</p>
        <form method="dialog">
        <label for="token">Token</label>
        <input type="password" id="token" autocomplete="off" required>
        <p id="token-fault" role="alert"></p>
        <button value="unlock">Unlock</button> <button value="cancel" formnovalidate>Cancel</button>
        </form>
        </dialog>
        </body>
        </html>

        """#
    }
}
