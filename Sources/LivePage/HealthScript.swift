/// The page's script: how the daemon does.
enum HealthScript {
    static let text = #"""

        const health = {
          status: null,

          start() {
            byID("health-button").addEventListener("click", () => this.toggle());
            this.later = throttled(2 * second, () => this.refresh());
            return this.refresh();
          },

          get isShown() { return !byID("health").hidden; },

          toggle() {
            byID("health").hidden = !byID("health").hidden;
            byID("health-button").setAttribute("aria-expanded", this.isShown);
            if (this.isShown) { this.refresh(); byID("health").scrollIntoView({ block: "nearest" }); }
          },

          async refresh() {
            let answer;
            try { answer = await server.ask("status"); } catch { return; }
            server.offset = answer.now / 1000 - Date.now();
            server.canChange = answer.can_change;
            this.status = answer.status;
            this.pages = answer.pages;
            this.head(answer.status);
            if (this.isShown) this.draw(answer.status);
            words.unlocked();
          },

          // What stands at the top, of a status or of an event's figures.
          head(figures) {
            const state = byID("state");
            state.dataset.state = figures.state;
            state.title = figures.text || "";
            byID("state-word").textContent = figures.state;
            byID("figure-streams").textContent = grouped.format(figures.streams);
            byID("figure-rate").textContent = figures.points_per_second >= 9.95 || figures.points_per_second === 0
              ? grouped.format(figures.points_per_second) : figures.points_per_second.toFixed(1);
            byID("figure-open").textContent = grouped.format(figures.open_anomalies);
            byID("figure-open").parentElement.className = figures.open_anomalies > 0 ? "bad" : "";
            this.commit = figures.last_commit;
            this.tick();
            document.title = figures.open_anomalies > 0 ? `(${figures.open_anomalies}) anomalyd` : "anomalyd";
          },

          tick() {
            byID("figure-commit").textContent = this.commit ? `${span(server.now - this.commit)} ago` : "none yet";
          },

          draw(status) {
            const notes = byID("notes");
            const texts = [...(status.storage?.trouble ? [`Nothing is stored: ${status.storage.trouble}`] : []), ...(status.notes || [])];
            notes.replaceChildren(...texts.map(text => element("li", {}, null, text)));
            notes.hidden = texts.length === 0;
            const sum = counts => Object.values(counts || {}).reduce((sum, each) => sum + each, 0);
            const list = counts => Object.entries(counts || {}).filter(([, each]) => each > 0)
              .map(([name, each]) => `${name} ${grouped.format(each)}`).join(", ");
            const part = (number, word) => number > 0 ? `, ${grouped.format(number)} ${word}` : "";
            const lines = [
              ["State", `${status.state} for ${span(status.uptime_seconds * 1e6)}${status.text ? `: ${status.text}` : ""}`],
              ["Version", `${status.version}, process ${status.pid}`],
              ["Streams", grouped.format(status.streams) + part(status.warming_streams, "warming up") + part(status.silent_streams, "silent")
                + part(status.muted_streams, "muted") + part(status.asleep_streams, "asleep")],
              ["Points", `${grouped.format(status.points)} since the start, ${grouped.format(status.points_per_second)}/s`],
              ["Anomalies", `${grouped.format(status.open_anomalies)} open, ${grouped.format(status.anomalies)} since the start`],
              ["Last commit", status.last_commit ? `${span(server.now - status.last_commit)} ago, ${grouped.format(status.commits)} since the start` : "none yet"],
              ["Queues", `${status.queues.shards.map(each => grouped.format(each)).join(" + ")} points in shards, ${grouped.format(status.queues.writer)} in the writer`],
              ["Memory", `${bytes(status.resident_bytes)} resident${status.allocated_bytes ? `, ${bytes(status.allocated_bytes)} allocated` : ""}${status.memory ? `, limit ${bytes(status.memory.limit)}${status.memory.is_limited ? " (limited)" : ""}` : ""}`],
              ["Database", `${status.database.path}, ${bytes(status.database.bytes)}`],
              ["Checkpoints", status.checkpoint_age_seconds === undefined ? "none yet" : `oldest ${span(status.checkpoint_age_seconds * 1e6)} ago`],
              ["Rejected", sum(status.rejected_lines) ? `${count(sum(status.rejected_lines), "line")} (${list(status.rejected_lines)})` : "none"],
              ["Dropped", status.duplicate_points + status.late_points ? `${grouped.format(status.duplicate_points)} duplicate, ${grouped.format(status.late_points)} late` : "none"],
              ["Refused", sum(status.refused_connections) ? `${count(sum(status.refused_connections), "client")} (${list(status.refused_connections)})` : "none"],
              ["Connections", `${count(status.connections, "sender")}, ${count(this.pages, "open page")}`],
            ];
            if (status.gradients) {
              lines.splice(5, 0, ["Gradients", `${grouped.format(status.gradients.healthy)} healthy` + part(status.gradients.vanishing, "vanishing")
                + part(status.gradients.exploding, "exploding") + part(status.gradients.unknown, "not known")]);
            }
            if (status.restoring) lines.splice(3, 0, ["Restoring", `${grouped.format(status.restoring.restored)} of ${count(status.restoring.streams, "stream")}`]);
            byID("health-figures").replaceChildren(...lines.map(([label, text]) => {
              const line = element("div");
              element("dt", {}, line, label);
              element("dd", {}, line, text);
              return line;
            }));
          },
        };

        """#
}
