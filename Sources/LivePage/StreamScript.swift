/// The page's script: one stream with its chart, and anomalies in words.
enum StreamScript {
    static let text = #"""

        // Lists of anomalies, each of which explains itself when it is opened.
        const words = {
          // - isLong: whether the names of streams belong to it.
          draw(parent, anomalies, isLong, opened) {
            const items = new Map([...parent.children].map(item => [Number(item.dataset.id), item]));
            const wanted = new Set(anomalies.map(anomaly => anomaly.id));
            for (const [id, item] of items) if (!wanted.has(id)) item.remove();
            let place = parent.firstElementChild;
            for (const anomaly of anomalies) {
              let item = items.get(anomaly.id);
              if (!item) item = this.item(anomaly, isLong, opened);
              this.fill(item, anomaly, isLong);
              if (item === place) place = place.nextElementSibling; else parent.insertBefore(item, place);
            }
            if (!anomalies.length) element("li", { class: "none" }, parent, "None.");
          },

          item(anomaly, isLong, opened) {
            const item = element("li", { "data-id": anomaly.id });
            const head = element(isLong ? "a" : "button", isLong ? { href: page.address({ stream: anomaly.stream, anomaly: anomaly.id }) }
              : { type: "button", "aria-expanded": "false" }, item);
            head.className = "head";
            if (!isLong) head.addEventListener("click", () => this.toggle(item, anomaly.id, opened));
            return item;
          },

          fill(item, anomaly, isLong) {
            const key = JSON.stringify(anomaly);
            if (item.dataset.key === key) { if (anomaly.open) this.lasted(item, anomaly); return; }
            const isNew = item.dataset.key !== undefined;
            item.dataset.key = key;
            item.className = anomaly.open ? "open" : anomaly.said === "false-positive" || anomaly.excluded ? "dismissed" : "";
            const head = item.querySelector(".head");
            head.replaceChildren();
            element("span", { class: "kind" }, head, anomaly.kind || "anomaly");
            element("span", { class: "number" }, head, `#${anomaly.id}`);
            if (isLong) element("span", { class: "name" }, head, anomaly.stream);
            element("time", { datetime: new Date(anomaly.start / 1000).toISOString() }, head, dateText(anomaly.start));
            element("span", { class: "lasted" }, head);
            this.lasted(item, anomaly);
            const values = element("span", { class: "values" }, head);
            if (anomaly.value !== undefined) {
              values.append(numberText(anomaly.value));
              if (anomaly.expected !== undefined) values.append(`, expected ${numberText(anomaly.expected)}`);
            }
            element("span", { class: "score" }, head, scoreText(anomaly.score));
            const said = { "false-positive": "false positive", true: "confirmed", ack: "acknowledged" }[anomaly.said];
            const tags = [said, anomaly.muted ? "muted" : "", anomaly.excluded ? "excluded" : ""].filter(tag => tag);
            if (tags.length) element("span", { class: "tags" }, head, tags.join(", "));
            // What is told below may be another thing now.
            if (isNew && item.querySelector(".explanation")) this.explain(item, anomaly.id);
          },

          lasted(item, anomaly) {
            const text = anomaly.open ? `open for ${span(server.now - anomaly.start)}`
              : anomaly.end > anomaly.start ? `for ${span(anomaly.end - anomaly.start)}` : "one point";
            const node = item.querySelector(".lasted");
            if (node.textContent !== text) node.textContent = text;
          },

          async toggle(item, id, opened) {
            const before = item.querySelector(".explanation");
            item.querySelector(".head").setAttribute("aria-expanded", before === null);
            if (before) { before.remove(); return; }
            element("div", { class: "explanation" }, item, "Reading…");
            opened?.(id);
            await this.explain(item, id);
          },

          async explain(item, id) {
            let answer;
            try { answer = await server.ask(`anomalies/${id}`, { zone }); } catch (error) {
              if (error.name !== "AbortError") { const box = item.querySelector(".explanation"); if (box) box.textContent = error.message || "Not now."; }
              return;
            }
            const box = item.querySelector(".explanation");
            if (!box) return;
            const typed = box.querySelector("input")?.value || "";
            box.replaceChildren();
            const lines = element("dl", {}, box);
            for (const { label, text } of answer.lines) {
              const line = element("div", {}, lines);
              element("dt", {}, line, label);
              element("dd", {}, line, text);
            }
            const say = element("form", { class: "say", hidden: "" }, box);
            const message = element("input", { type: "text", maxlength: "300", "aria-label": "Words to go with it", placeholder: "Why? (if you like)" }, say);
            message.value = typed;
            const muted = answer.anomaly.muted;
            for (const [action, title] of [["ack", "Acknowledge"], ["false-positive", "False positive"], ["true", "It was one"],
              muted ? ["unmute", "Unmute"] : ["mute", "Mute"]]) {
              const button = element("button", { type: "button", "data-action": action }, say, title);
              button.addEventListener("click", () => this.say({ anomaly: id, action, message: message.value }, title, say));
            }
            element("p", { class: "outcome", role: "status" }, say);
            say.addEventListener("submit", event => { event.preventDefault(); say.querySelector("button").click(); });
            this.unlocked();
          },

          // Shows what can be said to whoever has the token.
          unlocked() {
            const isUnlocked = server.canChange && server.token !== null;
            for (const say of document.querySelectorAll(".say")) say.hidden = !isUnlocked;
            byID("token-button").hidden = !server.canChange;
            byID("token-button").textContent = isUnlocked ? "Lock" : "Unlock";
          },

          async say(said, title, parent) {
            const outcome = parent.querySelector(".outcome");
            for (const button of parent.querySelectorAll("button")) button.disabled = true;
            try {
              const answer = await server.say(said);
              outcome.textContent = `${title}: stored, from point ${grouped.format(answer.points + 1)} on.`;
              const message = parent.querySelector("input");
              if (message) message.value = "";
              await Promise.all([detail.refresh(), detail.refreshAnomalies(), overview.refresh(), list.refresh()]);
            } catch (error) {
              if (error.status === 401) { server.token = null; this.unlocked(); unlock.ask(); }
              outcome.textContent = error.message || "The daemon cannot be reached.";
            } finally {
              for (const button of parent.querySelectorAll("button")) button.disabled = false;
            }
          },
        };

        const detail = {
          stream: null, range: "newest", view: null, peak: null, wanted: null, later: null, channel: 0, chart: null, anomalies: [], loaded: null, shown: null,
          ranges: [["newest", "Newest"], ["1h", "1h", hour], ["6h", "6h", 6 * hour], ["1d", "1d", day], ["1w", "1w", 7 * day], ["30d", "30d", 30 * day], ["all", "All"]],

          start() {
            for (const [name, title] of this.ranges) {
              const button = element("button", { type: "button", "data-range": name }, byID("ranges"), title);
              button.addEventListener("click", () => this.choose(name));
            }
            element("span", { id: "is-live" }, byID("ranges"));
            byID("channel").addEventListener("change", () => {
              this.channel = Number(byID("channel").value);
              this.loaded = null;
              this.refresh();
              page.remember();
            });
            const mute = byID("mute");
            const hours = element("select", { "aria-label": "How long" }, mute);
            for (const [seconds, title] of [[3600, "1 hour"], [7200, "2 hours"], [28800, "8 hours"], [86400, "1 day"], [604800, "1 week"]]) {
              element("option", { value: seconds }, hours, title);
            }
            const act = (action, title) => words.say({ stream: this.stream, action, ...(action === "mute" ? { seconds: Number(hours.value) } : {}) }, title, mute);
            element("button", { type: "button" }, mute, "Mute this stream").addEventListener("click", () => act("mute", "Mute"));
            element("button", { type: "button" }, mute, "Unmute").addEventListener("click", () => act("unmute", "Unmute"));
            element("p", { class: "outcome", role: "status" }, mute);
            this.refreshLater = throttled(second, () => this.refresh());
            let timer = null;
            this.seen = view => {
              this.view = view;
              this.marks();
              clearTimeout(timer);
              timer = setTimeout(() => { page.remember(); this.refresh(); }, 150);
            };
          },

          // - place: a stream, and what of it shall be seen.
          async show(place) {
            const isOther = place.stream !== this.stream;
            this.stream = place.stream;
            this.range = this.ranges.some(([name]) => name === place.range) ? place.range : "newest";
            const [since, until] = [Number(place.since), Number(place.until)];
            this.view = place.since && place.until && since < until ? [since / 1000, until / 1000] : null;
            this.channel = Number(place.channel) || 0;
            if (isOther) {
              this.loaded = this.later = null;
              this.anomalies = [];
              byID("stream-list").replaceChildren();
              byID("facts-0").textContent = "";
              byID("badges").textContent = "";
              byID("name-0").textContent = this.stream;
              for (const outcome of byID("stream").querySelectorAll("#mute .outcome")) outcome.textContent = "";
              this.shown = null;
            }
            const anomaly = Number(place.anomaly) || null;
            this.wanted = anomaly !== this.shown ? anomaly : null;
            await Promise.all([this.refresh(), this.refreshAnomalies()]);
          },

          hide() { this.stream = null; server.running.get("points")?.abort(); },

          get isLive() { return this.view === null; },

          choose(name) {
            this.range = name;
            this.view = this.shown = null;
            this.chart?.point(null);
            this.refresh();
            page.remember();
          },

          marks() {
            for (const button of byID("ranges").querySelectorAll("button")) {
              button.setAttribute("aria-pressed", this.view === null && button.dataset.range === this.range);
            }
            const text = this.view === null ? "live" : "standing still";
            byID("is-live").textContent = text;
            byID("is-live").className = this.view === null ? "live" : "";
          },

          async refresh() {
            if (!this.stream) return;
            const stream = this.stream;
            this.marks();
            const asked = { stream, zone, channel: this.channel || undefined, columns: Math.max(100, Math.min(1200, Math.round(byID("stream").clientWidth || 800))) };
            const view = this.view;
            if (view) {
              // Some more on both sides, to go there at once.
              const margin = (view[1] - view[0]) / 2;
              asked.since = Math.floor((view[0] - margin) * 1000);
              asked.until = Math.ceil((view[1] + margin) * 1000) + 1;
            } else if (this.range === "newest") asked.newest = 500;
            else if (this.range !== "all") asked.span = this.ranges.find(([name]) => name === this.range)[2] * 1000;
            let raw;
            try { raw = await server.ask("points", asked, "points"); } catch (error) {
              if (error.name === "AbortError" || stream !== this.stream) return;
              if (error.status) { byID("no-points").hidden = false; byID("no-points").textContent = error.message; }
              return;
            }
            if (stream !== this.stream) return;
            this.take(raw, view);
          },

          take(raw, view) {
            const isEmpty = raw.time.length === 0;
            byID("no-points").hidden = !isEmpty;
            byID("no-points").textContent = "No points in this time.";
            byID("channels").hidden = raw.channels < 2;
            if (byID("channel").childElementCount !== raw.channels) {
              byID("channel").replaceChildren(...Array.from({ length: Math.min(1000, raw.channels) }, (_, place) => element("option", { value: place }, null, String(place))));
            }
            byID("channel").value = this.channel;
            const figure = document.querySelector("figure[data-chart]");
            figure.hidden = isEmpty && !this.loaded;
            if (isEmpty) return;
            setZones(raw.zones);
            if (!this.chart) {
              this.chart = new Chart(figure, raw, view => this.seen(view));
              // Ranges of time lead back.
              this.chart.reset.remove();
            } else {
              if (!this.loaded) this.chart.cursor = null;
              this.chart.load(raw, view);
            }
            if (this.peak && view) this.chart.point(this.chart.column(this.peak));
            this.peak = null;
            this.loaded = raw;
            const range = `${timeText(raw.start)} to ${timeText(raw.start + raw.length)}`;
            const columns = raw.points > raw.time.length ? ", each column from the lowest to the highest" : "";
            byID("facts-0").textContent = `${count(raw.points, "point")}${columns}: ${range}${this.sums(raw)}`;
            document.documentElement.dataset.drawn = raw.start + raw.length;
            if (this.later) { const id = this.later; this.later = null; this.zoomTo(id); }
          },

          // Where there are too many points to read them all, or they have expired.
          sums(raw) {
            if (!raw.summed) return "";
            const { over, times } = raw.summed;
            const until = times[1] + over < raw.start + raw.length ? ` up to ${timeText(times[1])}` : "";
            return `; read from sums over ${span(over * 1000)}${until}, which don't tell what was expected`;
          },

          async refreshAnomalies() {
            if (!this.stream) return;
            const stream = this.stream, wanted = this.wanted;
            let answer;
            try { answer = await server.ask("anomalies", { stream, limit: 50 }, "stream-anomalies"); } catch { return; }
            if (stream !== this.stream) return;
            this.anomalies = answer.anomalies;
            if (wanted && !answer.anomalies.some(anomaly => anomaly.id === wanted)) {
              // An older one that somebody has a link to.
              try {
                const older = (await server.ask(`anomalies/${wanted}`, { zone }, "older")).anomaly;
                if (older.stream === stream) this.anomalies.push(older);
              } catch { /* There is none. */ }
              if (stream !== this.stream) return;
            }
            const open = this.anomalies.filter(anomaly => anomaly.open).length;
            byID("badges").textContent = open ? "anomaly open" : "";
            words.draw(byID("stream-list"), this.anomalies, false, id => {
              this.shown = id;
              this.zoomTo(id);
            });
            if (wanted && wanted === this.wanted) { this.wanted = null; await this.showAnomaly(wanted); }
          },

          // Opens one in the list, and shows it in the chart.
          async showAnomaly(id) {
            const item = byID("stream-list").querySelector(`li[data-id="${id}"]`);
            if (!item) return;
            this.shown = id;
            if (!item.querySelector(".explanation")) await words.toggle(item, id, () => this.zoomTo(id));
          },

          zoomTo(id) {
            const anomaly = this.anomalies.find(anomaly => anomaly.id === id);
            if (!this.loaded) this.later = id;
            if (!anomaly || !this.loaded) return;
            const extent = this.loaded.extent || [this.loaded.start, this.loaded.start + this.loaded.length];
            // As much around it as there are points to compare it with.
            const step = this.loaded.points > 1 ? this.loaded.length / this.loaded.points : minute;
            const margin = Math.max((anomaly.end - anomaly.start) / 1000 * 2, step * 100);
            this.view = [Math.max(extent[0], anomaly.start / 1000 - margin), Math.min(extent[1], anomaly.end / 1000 + margin)];
            this.peak = anomaly.peak / 1000;
            page.remember();
            this.refresh();
          },
        };

        // All anomalies, where no stream is chosen.
        const overview = {
          isOpenOnly: false, limit: 50,

          start() {
            for (const [id, isOpenOnly] of [["all-anomalies", false], ["open-anomalies", true]]) {
              byID(id).addEventListener("click", () => {
                this.isOpenOnly = isOpenOnly;
                byID("all-anomalies").setAttribute("aria-pressed", !isOpenOnly);
                byID("open-anomalies").setAttribute("aria-pressed", isOpenOnly);
                this.refresh();
              });
            }
            byID("older").addEventListener("click", () => { this.limit = Math.min(500, this.limit * 2); this.refresh(); });
            this.refreshLater = throttled(2 * second, () => this.refresh());
          },

          async refresh() {
            if (byID("overview").hidden) return;
            let answer;
            try { answer = await server.ask("anomalies", { limit: this.limit, open: this.isOpenOnly || undefined }, "all-anomalies"); } catch { return; }
            byID("older").hidden = !answer.more || this.limit >= 500;
            words.draw(byID("all-list"), answer.anomalies, true);
          },
        };

        """#
}
