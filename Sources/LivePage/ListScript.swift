/// The page's script: the list of streams.
enum ListScript {
    static let text = #"""

        const list = {
          page: 50, shown: 50, rows: new Map(), total: null, selected: null,

          start() {
            byID("search").addEventListener("input", () => { this.shown = this.page; this.soon(); });
            byID("search").addEventListener("keydown", event => {
              if (event.key === "ArrowDown" || event.key === "Enter") { this.move(1, true); event.preventDefault(); }
              if (event.key === "Escape") { byID("search").value = ""; byID("search").blur(); this.refresh(); event.stopPropagation(); }
            });
            byID("sort").addEventListener("change", () => { this.shown = this.page; this.refresh(); });
            byID("more").addEventListener("click", () => { this.shown = Math.min(200, this.shown + this.page); this.refresh(); });
            let timer = null;
            this.soon = () => { clearTimeout(timer); timer = setTimeout(() => this.refresh(), 120); };
            this.refreshLater = throttled(2 * second, () => this.refresh());
            return this.refresh();
          },

          async refresh() {
            let answer;
            try {
              answer = await server.ask("streams", { search: byID("search").value.trim(), sort: byID("sort").value, limit: this.shown });
            } catch (error) {
              if (error.name !== "AbortError" && error.status) byID("count").textContent = error.message;
              return;
            }
            this.total = answer.total;
            const found = byID("search").value.trim() ? `${grouped.format(answer.matching)} of ` : "";
            const text = answer.total === 0 ? "No streams yet: send some numbers first; see anomalyd(8)." : found + count(answer.total, "stream");
            if (byID("count").textContent !== text) byID("count").textContent = text;
            byID("more").hidden = answer.matching <= answer.streams.length || this.shown >= 200;
            this.draw(answer.streams);
          },

          draw(streams) {
            const parent = byID("streams"), before = document.activeElement;
            const wanted = new Set(streams.map(stream => stream.name));
            for (const [name, row] of this.rows) if (!wanted.has(name)) { row.item.remove(); this.rows.delete(name); }
            let place = parent.firstElementChild;
            for (const stream of streams) {
              let row = this.rows.get(stream.name);
              if (!row) { row = this.row(stream.name); this.rows.set(stream.name, row); }
              this.fill(row, stream);
              if (row.item === place) place = place.nextElementSibling; else parent.insertBefore(row.item, place);
            }
            if (before !== document.activeElement && before?.isConnected) before.focus({ preventScroll: true });
            document.documentElement.dataset.listed = streams.length;
          },

          // A row's element, which stays while its contents change.
          row(name) {
            const item = element("li");
            const link = element("a", { href: page.address({ stream: name }) }, item);
            const title = element("span", { class: "name" }, link);
            title.append(name);
            title.title = name;
            const score = element("span", { class: "score" }, link);
            const bar = element("span", { class: "bar", "aria-hidden": "true" }, score);
            const fill = element("i", {}, bar), number = element("span", {}, score);
            const line = element("svg", { class: "spark", viewBox: "0 0 100 24", preserveAspectRatio: "none", "aria-hidden": "true" }, link);
            const path = element("path", {}, line);
            const facts = element("span", { class: "facts" }, link);
            return { item, link, fill, number, path, facts, drawn: "" };
          },

          fill(row, stream) {
            const key = JSON.stringify(stream);
            row.stream = stream;
            if (key !== row.drawn) {
              row.drawn = key;
              const score = stream.worst_score ?? 0;
              row.fill.style.width = `${Math.round(Math.min(1, score / 0.6) * 100)}%`;
              row.number.textContent = scoreText(stream.worst_score);
              row.item.className = stream.open ? "open" : score >= 0.33 ? "bad" : "";
              row.path.setAttribute("d", this.spark(stream.recent));
            }
            this.tell(row);
            if (stream.name === this.selected) row.link.setAttribute("aria-current", "true"); else row.link.removeAttribute("aria-current");
          },

          tell(row) {
            const stream = row.stream;
            const words = [];
            if (stream.open) words.push("anomaly open");
            if (stream.warming !== undefined) words.push("warming up");
            if (stream.muted_until !== undefined) words.push("muted");
            if (stream.last_value !== undefined) words.push(numberText(stream.last_value));
            if (stream.last_time !== undefined) words.push(`${span(server.now - stream.last_time)} ago`);
            const text = words.join(" · ");
            if (row.facts.textContent !== text) row.facts.textContent = text;
          },

          // The newest values as a line, interrupted where one is missing.
          spark(values) {
            const known = values.filter(value => value !== null);
            const low = Math.min(...known), high = Math.max(...known);
            let path = "", isDown = false;
            values.forEach((value, place) => {
              if (value === null) { isDown = false; return; }
              const x = values.length > 1 ? place / (values.length - 1) * 100 : 50;
              const y = high > low ? 22 - (value - low) / (high - low) * 20 : 12;
              path += `${isDown ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
              isDown = true;
            });
            return path;
          },

          select(name) {
            this.selected = name;
            for (const [other, row] of this.rows) {
              if (other === name) row.link.setAttribute("aria-current", "true"); else row.link.removeAttribute("aria-current");
            }
          },

          // Moves the focus by so many rows.
          move(by, fromStart = false) {
            const links = [...byID("streams").querySelectorAll("a")];
            if (!links.length) return;
            const focused = links.indexOf(document.activeElement);
            const at = fromStart ? -1 : focused >= 0 ? focused : links.findIndex(link => link.hasAttribute("aria-current"));
            const next = links[Math.min(links.length - 1, Math.max(0, at + by))];
            next.focus();
            next.scrollIntoView({ block: "nearest" });
          },
        };

        """#
}
