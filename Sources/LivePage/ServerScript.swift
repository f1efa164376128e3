/// The page's script, first part: what it asks the server, and what it hears from it.
enum ServerScript {
    static let text = #"""

        const { Chart, element, timeText, numberText, setZones } = charting;
        const byID = id => document.getElementById(id);
        const second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;
        const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

        // Numbers and times as people read them. Times are microseconds since 1970, as the server has them.
        const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
        const count = (number, one, many = `${one}s`) => `${grouped.format(number)} ${number === 1 ? one : many}`;
        const scoreText = score => score === undefined || score === null ? "–" : score.toFixed(3);
        function span(microseconds) {
          const seconds = Math.max(0, microseconds / 1e6);
          const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
          const place = units.findIndex(([length]) => seconds >= length);
          if (place < 0) return seconds > 0 ? "<1s" : "0s";
          const [length, unit] = units[place];
          const whole = Math.floor(seconds / length), next = units[place + 1];
          const rest = next ? Math.floor(seconds % length / next[0]) : 0;
          return `${whole}${unit}` + (rest > 0 ? ` ${rest}${next[1]}` : "");
        }
        const clock = new Intl.DateTimeFormat("en-CA", {
          timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
          hourCycle: "h23",
        });
        function dateText(microseconds) {
          const parts = Object.fromEntries(clock.formatToParts(microseconds / 1000).map(part => [part.type, part.value]));
          return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}:${parts.second}`;
        }
        function bytes(number) {
          let unit = "B";
          for (const next of ["KiB", "MiB", "GiB", "TiB"]) if (number >= 1024) { number /= 1024; unit = next; }
          return `${unit === "B" ? number : number.toFixed(1)} ${unit}`;
        }

        const server = {
          // Difference of the server's clock from ours, in milliseconds.
          offset: 0,
          canChange: false,
          get now() { return (Date.now() + this.offset) * 1000; },
          get token() { return sessionStorage.getItem("anomalyd-token"); },
          set token(token) {
            if (token) sessionStorage.setItem("anomalyd-token", token); else sessionStorage.removeItem("anomalyd-token");
          },

          // The answer to a question; a newer question of the same name takes its place.
          running: new Map(),
          async ask(path, parameters = {}, name = path) {
            this.running.get(name)?.abort();
            const controller = new AbortController();
            this.running.set(name, controller);
            const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "" && value !== null));
            const response = await fetch(`api/v1/${path}${query.size ? `?${query}` : ""}`, { signal: controller.signal });
            const answer = await response.json();
            if (!response.ok) throw Object.assign(new Error(answer.error), { status: response.status });
            return answer;
          },

          async say(said) {
            const response = await fetch("api/v1/feedback", {
              method: "POST", body: JSON.stringify(said),
              headers: { "Content-Type": "application/json", Authorization: `Bearer ${this.token}` },
            });
            const text = await response.text();
            let answer = {};
            try { answer = JSON.parse(text); } catch { answer.error = text.trim(); }
            if (!response.ok) throw Object.assign(new Error(answer.error), { status: response.status });
            return answer;
          },

          // Whether a token is the right one: what has it, and says nothing, is told that it says nothing.
          async isRight(token) {
            const response = await fetch("api/v1/feedback", {
              method: "POST", body: "{}", headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
            });
            return response.status === 400;
          },
        };

        // The newest figures, and whoever wants to hear of them. Nothing is asked for while nobody looks.
        const live = {
          source: null, timer: null, wait: second, listeners: [], isLost: false, last: 0, figures: null,
          listen(listener) { this.listeners.push(listener); },
          connect() {
            this.disconnect();
            if (document.hidden) return;
            const source = new EventSource("api/v1/events");
            this.source = source;
            source.addEventListener("commit", event => {
              this.heard();
              this.figures = JSON.parse(event.data);
              for (const listener of this.listeners) listener(this.figures, event.lastEventId);
            });
            source.addEventListener("error", () => this.lose());
            this.last = Date.now();
          },
          disconnect() { this.source?.close(); this.source = null; clearTimeout(this.timer); },
          heard() {
            this.last = Date.now();
            this.wait = second;
            if (!this.isLost) return;
            this.isLost = false;
            page.connected();
          },
          lose() {
            this.disconnect();
            if (document.hidden) return;
            if (!this.isLost) { this.isLost = true; page.lost(); }
            this.timer = setTimeout(() => this.connect(), this.wait);
            this.wait = Math.min(10 * second, this.wait * 1.5);
          },
          start() {
            document.addEventListener("visibilitychange", () => { if (document.hidden) this.disconnect(); else this.connect(); });
            // An event comes every 15 seconds at least.
            setInterval(() => { if (this.source && Date.now() - this.last > 40 * second) this.lose(); }, 5 * second);
            this.connect();
          },
        };

        // Calls something once soon, and again not before some time has gone by.
        function throttled(least, action) {
          let timer = null, before = 0;
          return () => {
            if (timer !== null) return;
            timer = setTimeout(async () => {
              before = Date.now();
              try { await action(); } finally { timer = null; }
            }, Math.max(0, before + least - Date.now()));
          };
        }

        function say(text) { byID("announcement").textContent = text; }

        """#
}
