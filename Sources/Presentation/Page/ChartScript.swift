/// What makes charts of our `ChartData`, in the report and in the live page, and lets people look closer.
///
/// One chart is drawn anew whenever what is seen of it changes: a few hundred columns take some milliseconds, and there
/// is no state but the range of time, the series that are shown, and the column of the cursor.
package enum ChartScript {
    package static let text = #"""
        "use strict";
        const charting = (() => {
          const svgNamespace = "http://www.w3.org/2000/svg";
          const series = ["value", "expected", "band", "anomalies"];

          function element(name, attributes = {}, parent = null, text = "") {
            const isDrawn = /^(svg|g|path|text|rect|line|circle|polygon|title)$/.test(name);
            const node = isDrawn ? document.createElementNS(svgNamespace, name) : document.createElement(name);
            for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
            if (text) node.textContent = text;
            if (parent) parent.append(node);
            return node;
          }

          // Times are milliseconds since 1970; what clocks showed then is told to the page: from when on, in seconds, how many
          // seconds east of UTC, and the zone's name.
          let zones = [[0, 0, "UTC"]];
          function setZones(list) { zones = list; }
          function zoneAt(time) {
            let zone = zones[0];
            for (const next of zones) if (next[0] * 1000 <= time) zone = next;
            return { offset: zone[1] * 1000, name: zone[2] };
          }
          const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
          const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
          const wall = time => new Date(time + zoneAt(time).offset);
          function timeText(time, isFine) {
            const date = wall(time), iso = date.toISOString();
            return `${days[date.getUTCDay()]} ${iso.slice(0, 10)} ${iso.slice(11, isFine ? 23 : 19)} ${zoneAt(time).name}`;
          }

          const second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;
          const steps = [
            1, 2, 5, 10, 20, 50, 100, 200, 500, second, 2 * second, 5 * second, 10 * second, 15 * second, 30 * second,
            minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour,
            12 * hour, day, 2 * day, 7 * day, 14 * day,
          ];

          // Round times of the wall clock, each with its label and the larger unit where that is another one than before.
          function timeTicks(from, to, most) {
            const step = steps.find(step => (to - from) / step <= most);
            const ticks = [];
            let context = "";
            function add(time, label, larger) {
              if (time < from || time > to || ticks.length && time <= ticks[ticks.length - 1].time) return;
              ticks.push({ time, label, context: larger === context ? "" : larger });
              context = larger;
            }
            if (step) {
              // Mondays are 4 days after the epoch's Thursday.
              const shift = step % (7 * day) === 0 ? 4 * day : 0;
              let clock = Math.floor((from + zoneAt(from).offset - shift) / step) * step + shift;
              for (; clock <= to + zoneAt(to).offset; clock += step) {
                const date = new Date(clock), iso = date.toISOString();
                const time = clock - zoneAt(clock - zoneAt(from).offset).offset;
                const dayText = `${months[date.getUTCMonth()]} ${date.getUTCDate()}`;
                if (step >= day) add(time, dayText, String(date.getUTCFullYear()));
                else add(time, iso.slice(11, step < second ? 23 : step < minute ? 19 : 16), `${days[date.getUTCDay()]} ${dayText}`);
              }
              return ticks;
            }
            const each = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200].find(each => (to - from) / (each * 30.44 * day) <= most) || 12000;
            const first = wall(from);
            let month = Math.floor((first.getUTCFullYear() * 12 + first.getUTCMonth()) / each) * each;
            for (; ticks.length < 50; month += each) {
              const clock = Date.UTC(Math.floor(month / 12), month % 12, 1);
              const time = clock - zoneAt(clock).offset;
              if (time > to) break;
              const year = String(Math.floor(month / 12));
              if (each < 12) add(time, months[month % 12], year); else add(time, year, "");
            }
            return ticks;
          }

          function valueTicks(from, to, most) {
            const raw = (to - from) / most;
            if (!(raw > 0) || !isFinite(raw)) return [];
            const power = 10 ** Math.floor(Math.log10(raw));
            const step = [1, 2, 5, 10].map(each => each * power).find(step => (to - from) / step <= most) || 10 * power;
            const ticks = [];
            for (let each = Math.ceil(from / step); each <= to / step && ticks.length < 20; each++) ticks.push(each * step);
            const largest = Math.max(...ticks.map(Math.abs));
            const [factor, unit] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]
              .find(([factor]) => largest >= Math.max(factor, 10000) && step / factor >= 0.00999) || [1, ""];
            let decimals = 0;
            while (decimals < 9 && Math.abs(step / factor * 10 ** decimals - Math.round(step / factor * 10 ** decimals)) > 1e-6) decimals++;
            const isExtreme = largest >= 1e15 || step < 1e-6;
            return ticks.map(value => ({
              value, label: value === 0 ? "0" : isExtreme ? value.toExponential(2) : (value / factor).toFixed(decimals) + unit,
            }));
          }

          const numberText = value => value === null || value === undefined ? "" : String(Number(value.toPrecision(6)));

          class Chart {
            // - changed: told of another range of time that is seen, unless it follows from new data.
            constructor(figure, raw, changed = () => {}) {
              this.figure = figure;
              this.id = figure.dataset.chart;
              this.changed = changed;
              this.shown = new Set(series);
              this.cursor = null;
              this.build();
              this.load(raw);
            }

            // Shows other data, and of these all, or the range of time `view`. The cursor stays at its time.
            load(raw, view = null) {
              const at = this.cursor === null ? null : this.times[this.cursor];
              this.raw = raw;
              let time = raw.start;
              this.times = raw.time.map(step => time += step);
              this.valueHigh = raw.valueHigh || raw.valueLow;
              this.expectedHigh = raw.expectedHigh || raw.expectedLow;
              this.breaks = { value: new Set(raw.valueBreaks), expected: new Set(raw.expectedBreaks) };
              this.flagged = new Set(raw.flagged);
              this.marks = raw.marks.map(([id, start, end, peak, isAbove, isDismissed, kind]) => ({
                id, start: raw.start + start, end: raw.start + end, peak: raw.start + peak, isAbove, isDismissed, kind,
              }));
              // What there is beyond the data, where more can be had.
              this.whole = raw.extent || [raw.start, raw.start + raw.length];
              this.view = view || [raw.start, raw.start + raw.length];
              this.cursor = at === null ? null : this.nearest(at);
              this.draw();
            }

            get length() { return this.whole[1] - this.whole[0]; }

            // Controls, the picture and what is read out, once.
            build() {
              const controls = element("div", { class: "controls", role: "group", "aria-label": "Series" }, this.figure);
              for (const name of series) {
                const button = element("button", { type: "button", class: name, "aria-pressed": "true" }, controls);
                element("i", {}, button);
                button.append(name);
                button.addEventListener("click", () => {
                  if (!this.shown.delete(name)) this.shown.add(name);
                  button.setAttribute("aria-pressed", this.shown.has(name));
                  this.draw();
                });
              }
              this.reset = element("button", { type: "button", class: "reset", hidden: "" }, controls, "Show all");
              this.reset.addEventListener("click", () => { this.zoom(...this.whole); this.svg.focus(); });
              this.svg = element("svg", {
                tabindex: "0", role: "group", "aria-roledescription": "chart",
                "aria-labelledby": `name-${this.id} facts-${this.id}`, "aria-describedby": `read-${this.id}`,
              }, this.figure);
              this.output = element("output", { id: `read-${this.id}`, "aria-live": "polite" }, this.figure);
              this.svg.addEventListener("pointermove", event => this.moved(event));
              this.svg.addEventListener("pointerdown", event => {
                if (event.button !== 0) return;
                if (event.shiftKey) this.grabbed = this.timeAt(event); else this.from = this.timeAt(event);
                try { this.svg.setPointerCapture(event.pointerId); } catch { /* The pointer has gone. */ }
              });
              this.svg.addEventListener("pointerup", event => {
                if (this.grabbed !== undefined) { this.grabbed = undefined; return; }
                const [from, to] = [this.from, this.timeAt(event)];
                this.from = undefined;
                const isDrag = from !== undefined && Math.abs(to - from) / (this.view[1] - this.view[0]) > 0.01;
                if (isDrag) this.zoom(Math.min(from, to), Math.max(from, to)); else this.moved(event);
              });
              this.svg.addEventListener("pointercancel", () => { this.from = this.grabbed = undefined; this.draw(); });
              this.svg.addEventListener("wheel", event => {
                const length = this.view[1] - this.view[0];
                if (event.ctrlKey) {
                  const at = this.timeAt(event), factor = event.deltaY > 0 ? 1.25 : 0.8;
                  this.zoom(at - (at - this.view[0]) * factor, at + (this.view[1] - at) * factor);
                } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
                  this.pan(length * event.deltaX / this.width);
                } else return;
                event.preventDefault();
              }, { passive: false });
              this.svg.addEventListener("pointerleave", () => { if (this.from === undefined) this.point(null); });
              this.svg.addEventListener("dblclick", () => this.zoom(...this.whole));
              this.svg.addEventListener("keydown", event => this.pressed(event));
              this.svg.addEventListener("focus", () => this.say());
              new ResizeObserver(() => { if (this.figure.clientWidth !== this.width) this.draw(); }).observe(this.figure);
            }

            moved(event) {
              if (this.grabbed !== undefined) return this.pan(this.grabbed - this.timeAt(event));
              this.to = this.from === undefined ? undefined : this.timeAt(event);
              this.point(this.nearest(this.timeAt(event)));
            }

            pressed(event) {
              if (event.ctrlKey || event.metaKey || event.altKey) return;
              const [from, to] = this.view;
              const first = this.nearest(from), last = this.nearest(to);
              const at = this.cursor === null ? first : this.cursor;
              const middle = this.times[at], far = event.shiftKey ? 10 : 1;
              const marks = this.marks.map(mark => this.column(mark.peak)).sort((a, b) => a - b);
              switch (event.key) {
                case "ArrowLeft": this.point(this.cursor === null ? last : Math.max(0, at - far), true); break;
                case "ArrowRight": this.point(this.cursor === null ? first : Math.min(this.times.length - 1, at + far), true); break;
                case "Home": this.point(first, true); break;
                case "End": this.point(last, true); break;
                case "n": { const next = marks.find(mark => mark > at); if (next !== undefined) this.point(next, true); break; }
                case "p": { const before = marks.filter(mark => mark < at).pop(); if (before !== undefined) this.point(before, true); break; }
                case "+": case "=": this.zoom(middle - (middle - from) / 2, middle + (to - middle) / 2); break;
                case "-": this.zoom(middle - (middle - from) * 2, middle + (to - middle) * 2); break;
                case "[": this.pan((from - to) / 2); break;
                case "]": this.pan((to - from) / 2); break;
                case "0": case "Escape": this.zoom(...this.whole); break;
                default: return;
              }
              event.preventDefault();
            }

            zoom(from, to) {
              const least = Math.max(4, this.length / 100000);
              if (to - from < least) { const middle = (from + to) / 2; from = middle - least / 2; to = middle + least / 2; }
              this.see(Math.max(this.whole[0], from), Math.min(this.whole[1], to));
            }

            // Moves what is seen by so many milliseconds, within what there is.
            pan(shift) {
              const [from, to] = this.view;
              const most = Math.max(0, this.whole[1] - to), least = Math.min(0, this.whole[0] - from);
              const by = Math.min(most, Math.max(least, shift));
              if (by !== 0) this.see(from + by, to + by);
            }

            see(from, to) {
              this.view = [from, to];
              this.draw();
              this.changed(this.view);
            }

            showAnomaly(id) {
              const mark = this.marks.find(mark => mark.id === id);
              if (!mark) return;
              const margin = Math.max((mark.end - mark.start) * 2, this.length / 40);
              this.zoom(mark.start - margin, mark.end + margin);
              this.point(this.column(mark.peak));
              this.svg.focus({ preventScroll: true });
            }

            // Column of a time, the nearest one.
            nearest(time) {
              let low = 0, high = this.times.length - 1;
              while (low < high) {
                const middle = (low + high) >> 1;
                if (this.times[middle] < time) low = middle + 1; else high = middle;
              }
              return low > 0 && time - this.times[low - 1] < this.times[low] - time ? low - 1 : low;
            }

            // Column in which a time lies.
            column(time) {
              const near = this.nearest(time);
              return near > 0 && this.times[near] > time ? near - 1 : near;
            }

            timeAt(event) {
              const box = this.svg.getBoundingClientRect();
              const x = (event.clientX - box.left) * this.width / box.width;
              const share = (x - this.left) / (this.right - this.left);
              return this.view[0] + Math.min(1, Math.max(0, share)) * (this.view[1] - this.view[0]);
            }

            // - isKey: whether the view follows the cursor.
            point(column, isKey) {
              this.cursor = column;
              if (isKey && column !== null) {
                const time = this.times[column], [from, to] = this.view;
                if (time < from || time > to) {
                  const shift = time < from ? time - from : time - to;
                  this.see(from + shift, to + shift);
                  return;
                }
              }
              this.drawCursor();
            }

            // From the lowest to the highest that is to be seen.
            bounds(first, last) {
              let low = Infinity, high = -Infinity, bandLow = Infinity, bandHigh = -Infinity;
              for (let i = first; i <= last; i++) {
                if (this.raw.valueLow[i] !== null) { low = Math.min(low, this.raw.valueLow[i]); high = Math.max(high, this.valueHigh[i]); }
                for (const each of [this.raw.expectedLow[i], this.expectedHigh[i], this.raw.lower[i], this.raw.upper[i]]) {
                  if (each !== null) { bandLow = Math.min(bandLow, each); bandHigh = Math.max(bandHigh, each); }
                }
              }
              if (low > high) [low, high] = bandLow <= bandHigh ? [bandLow, bandHigh] : [0, 1];
              else if (bandLow <= bandHigh) {
                // A band of another order of magnitude must not hide the values.
                const most = (high - low) / 2 || Math.max(1, Math.abs(low) * 2);
                [low, high] = [Math.min(low, Math.max(bandLow, low - most)), Math.max(high, Math.min(bandHigh, high + most))];
              }
              if (low === high) { const margin = Math.abs(low) / 10 || 1; low -= margin; high += margin; }
              const margin = (high - low) * 0.1;
              return [low - margin, high + margin];
            }

            draw() {
              this.reset.hidden = this.view[0] <= this.whole[0] && this.view[1] >= this.whole[1];
              this.width = Math.max(240, this.figure.clientWidth || 720);
              this.height = this.width < 560 ? 210 : 280;
              this.right = this.width - 10;
              const [top, bottom] = [14, this.height - 40];
              const [from, to] = this.view;
              const first = Math.max(0, this.nearest(from) - 1), last = Math.min(this.times.length - 1, this.nearest(to) + 1);
              const [low, high] = this.bounds(first, last);
              const values = valueTicks(low, high, this.height < 250 ? 4 : 6);
              this.left = 14 + 7.2 * Math.max(1, ...values.map(tick => tick.label.length));
              const x = time => this.left + (time - from) / (to - from) * (this.right - this.left);
              const y = value => Math.min(bottom, Math.max(top, bottom - (value - low) / (high - low) * (bottom - top)));
              Object.assign(this, { x, y, top, bottom });
              this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
              this.svg.replaceChildren();
              const clip = element("svg", { x: this.left, y: 0, width: this.right - this.left, height: this.height,
                viewBox: `${this.left} 0 ${this.right - this.left} ${this.height}` });
              for (const tick of values) {
                const at = Math.round(y(tick.value)) + 0.5;
                element("path", { class: "grid", d: `M${this.left} ${at}H${this.right}` }, this.svg);
                element("text", { x: this.left - 7, y: at + 4, "text-anchor": "end" }, this.svg, tick.label);
              }
              const times = timeTicks(from, to, Math.max(2, Math.floor(this.width / 95)));
              for (const tick of times) {
                const at = Math.round(x(tick.time)) + 0.5;
                element("path", { class: "grid", d: `M${at} ${top}V${bottom}` }, this.svg);
              }
              for (const [key, below] of [["label", 16], ["context", 31]]) {
                let limit = this.width;
                for (const tick of [...times].reverse()) {
                  if (!tick[key]) continue;
                  const half = tick[key].length * 3.6;
                  const at = Math.max(half, Math.min(x(tick.time), this.width - half));
                  if (at + half > limit) continue;
                  element("text", { x: at, y: bottom + below, "text-anchor": "middle" }, this.svg, tick[key]);
                  limit = at - half - 8;
                }
              }
              this.svg.append(clip);
              if (this.shown.has("anomalies")) {
                for (const mark of this.marks) {
                  if (mark.isDismissed || mark.end < from || mark.start > to) continue;
                  const width = Math.max(3, x(mark.end) - x(mark.start) + 3);
                  element("rect", { class: "span", x: x(mark.start) - 1.5, y: top, width, height: bottom - top }, clip);
                }
              }
              if (this.shown.has("band")) this.drawBand(clip, first, last);
              if (this.shown.has("expected")) {
                element("path", { class: "expected", d: this.line(this.raw.expectedLow, this.expectedHigh, this.breaks.expected, first, last) }, clip);
              }
              if (this.shown.has("value")) {
                element("path", { class: "value", d: this.line(this.raw.valueLow, this.valueHigh, this.breaks.value, first, last) }, clip);
                this.drawEnvelope(clip, first, last);
              }
              if (this.shown.has("anomalies")) { this.drawFlagged(clip, first, last); this.drawMarks(clip); }
              element("path", { class: "axis", d: `M${this.left} ${bottom + 0.5}H${this.right}` }, this.svg);
              this.cross = element("g", {}, this.svg);
              this.drawCursor();
            }

            // A line through columns that reach from low to high, interrupted where something is missing.
            line(low, high, breaks, first, last) {
              let path = "", isDown = false, before = null;
              for (let i = first; i <= last; i++) {
                if (low[i] === null) continue;
                if (breaks.has(i)) isDown = false;
                const at = this.x(this.times[i]).toFixed(1);
                // Columns of several points that are wider than a line are drawn as an area.
                if (low[i] !== high[i] && this.isWide(i)) { isDown = false; continue; }
                // The nearer end first, so that lines cross the column once.
                const isUp = before === null || Math.abs(low[i] - before) <= Math.abs(high[i] - before);
                const ends = low[i] === high[i] ? [low[i]] : isUp ? [low[i], high[i]] : [high[i], low[i]];
                const isAlone = !isDown && (i === last || low[i + 1] === null || breaks.has(i + 1)) && ends.length === 1;
                for (const end of ends) {
                  path += `${isDown ? "L" : "M"}${at} ${this.y(end).toFixed(1)}`;
                  isDown = true;
                }
                // A point by itself is a short line.
                if (isAlone) path += "h.1";
                before = ends[ends.length - 1];
              }
              return path;
            }

            isWide(i) {
              const next = this.times[Math.min(i + 1, this.times.length - 1)];
              return (next - this.times[Math.max(0, i - 1)]) / 2 / (this.view[1] - this.view[0]) * (this.right - this.left) > 2.5;
            }

            // From the lowest to the highest, where a column of several points is wide enough to be seen as one.
            drawEnvelope(parent, first, last) {
              const { valueLow: low } = this.raw, high = this.valueHigh;
              const isArea = i => low[i] !== null && low[i] !== undefined && low[i] !== high[i] && this.isWide(i);
              let path = "";
              for (let i = first; i <= last; i++) {
                if (!isArea(i)) continue;
                const begin = i;
                while (i < last && isArea(i + 1) && !this.breaks.value.has(i + 1)) i++;
                // Up to the points on both sides.
                const from = begin > first && !this.breaks.value.has(begin) && low[begin - 1] !== null ? begin - 1 : begin;
                const to = i < last && !this.breaks.value.has(i + 1) && low[i + 1] !== null ? i + 1 : i;
                const edge = (values, j) => `${this.x(this.times[j]).toFixed(1)} ${this.y(values[j]).toFixed(1)}`;
                const places = Array.from({ length: to - from + 1 }, (_, k) => from + k);
                path += `M${places.map(j => edge(high, j)).join("L")}L${places.reverse().map(j => edge(low, j)).join("L")}Z`;
              }
              if (path) element("path", { class: "value envelope", d: path }, parent);
            }

            drawBand(parent, first, last) {
              let upper = [], lower = [];
              const close = () => {
                if (upper.length) element("path", { class: "band", d: `M${upper.join("L")}L${lower.reverse().join("L")}Z` }, parent);
                upper = []; lower = [];
              };
              for (let i = first; i <= last; i++) {
                if (this.raw.lower[i] === null || this.breaks.expected.has(i)) close();
                if (this.raw.lower[i] === null) continue;
                const at = this.x(this.times[i]).toFixed(1);
                upper.push(`${at} ${this.y(this.raw.upper[i]).toFixed(1)}`);
                lower.push(`${at} ${this.y(this.raw.lower[i]).toFixed(1)}`);
              }
              close();
            }

            drawFlagged(parent, first, last) {
              let path = "";
              for (const i of this.flagged) {
                if (i < first || i > last || this.raw.valueLow[i] === null) continue;
                const [low, high] = [this.y(this.raw.valueLow[i]), this.y(this.valueHigh[i])];
                path += `M${this.x(this.times[i]).toFixed(1)} ${high.toFixed(1)}v${Math.max(0.1, low - high).toFixed(1)}`;
              }
              if (path) element("path", { class: "flagged", d: path }, parent);
            }

            drawMarks(parent) {
              const taken = [];
              for (const mark of this.marks) {
                const at = this.x(mark.peak);
                if (at < this.left - 1 || at > this.right + 1) continue;
                // Beyond all that is drawn near it; where nothing is, at the bottom.
                let low = null, high = null;
                const reach = 6 / (this.right - this.left) * (this.view[1] - this.view[0]);
                for (let i = this.nearest(mark.peak - reach); i <= this.nearest(mark.peak + reach); i++) {
                  if (this.raw.valueLow[i] === null) continue;
                  low = low === null ? this.raw.valueLow[i] : Math.min(low, this.raw.valueLow[i]);
                  high = high === null ? this.valueHigh[i] : Math.max(high, this.valueHigh[i]);
                }
                const isAbove = mark.isAbove || low === null;
                const tip = low === null ? this.bottom : isAbove ? Math.max(this.top + 20, this.y(high) - 5) : Math.min(this.bottom - 20, this.y(low) + 5);
                const side = isAbove ? -8 : 8;
                const style = mark.isDismissed ? "mark dismissed" : "mark";
                const shape = element("path", { class: style, d: `M${at} ${tip}l-5 ${side}h10z` }, parent);
                element("title", {}, shape, `anomaly ${mark.id}: ${mark.kind}`);
                const half = String(mark.id).length * 3.8 + 2;
                const middle = Math.min(Math.max(at, this.left + half), this.right - half), base = isAbove ? tip - 11 : tip + 20;
                if (taken.some(other => Math.abs(other.middle - middle) < other.half + half && Math.abs(other.base - base) < 12)) continue;
                taken.push({ middle, half, base });
                element("text", { class: style, x: middle, y: base, "text-anchor": "middle" }, parent, String(mark.id));
              }
            }

            drawCursor() {
              this.cross.replaceChildren();
              if (this.from !== undefined && this.to !== undefined) {
                const [left, right] = [this.x(Math.min(this.from, this.to)), this.x(Math.max(this.from, this.to))];
                element("rect", { class: "range", x: left, y: this.top, width: right - left, height: this.bottom - this.top }, this.cross);
              }
              const column = this.cursor;
              const isSeen = column !== null && this.times[column] >= this.view[0] && this.times[column] <= this.view[1];
              if (isSeen) {
                const at = this.x(this.times[column]);
                element("path", { class: "cross", d: `M${at} ${this.top}V${this.bottom}` }, this.cross);
                if (this.raw.valueLow[column] !== null) {
                  for (const value of new Set([this.raw.valueLow[column], this.valueHigh[column]])) {
                    element("circle", { class: "dot", cx: at, cy: this.y(value), r: 4 }, this.cross);
                  }
                }
              }
              this.say();
            }

            // What is at the cursor, in words. What is said already is not said again to those who hear it.
            say() {
              const words = element("output");
              this.tell(words);
              if (words.innerHTML !== this.output.innerHTML) this.output.replaceChildren(...words.childNodes);
            }

            tell(words) {
              const i = this.cursor;
              if (i === null) {
                const keys = document.activeElement === this.svg;
                words.append(keys
                  ? "← → move, n and p to anomalies, + and − zoom, [ and ] go on and back, 0 shows all"
                  : "Drag to zoom, with Shift to move; double-click to show all");
                return;
              }
              const range = (low, high) => low === null ? "" : low === high ? numberText(low) : `${numberText(low)} to ${numberText(high)}`;
              const isFine = this.view[1] - this.view[0] < 10 * minute;
              element("b", {}, words, timeText(this.times[i], isFine));
              words.append(" · value ");
              element("b", {}, words, range(this.raw.valueLow[i], this.valueHigh[i]) || "missing");
              const expected = range(this.raw.expectedLow[i], this.expectedHigh[i]);
              if (expected) words.append(` · expected ${expected}`);
              const band = range(this.raw.lower[i], this.raw.upper[i]);
              if (band) words.append(` · band ${band}`);
              const next = i + 1 < this.times.length ? this.times[i + 1] : this.times[i] + 1;
              for (const mark of this.marks.filter(mark => mark.start < next && mark.end >= this.times[i])) {
                words.append(" · ");
                element("span", { class: "alarm" }, words, `anomaly ${mark.id}: ${mark.kind}`);
              }
            }
          }

          return { Chart, element, timeText, numberText, setZones };
        })();
        """#
}
