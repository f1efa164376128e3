/// The page's script, last part: which of its views is seen, keys, and the beginning.
enum MainScript {
    static let text = #"""

        const page = {
          // What the address says is to be seen.
          get place() { return Object.fromEntries(new URLSearchParams(location.hash.slice(1))); },

          address(place) {
            const known = Object.entries(place).filter(([, value]) => value !== undefined && value !== null && value !== "");
            return `#${new URLSearchParams(known)}`;
          },

          // Puts into the address what is seen, so that it can be passed on.
          remember() {
            if (!detail.stream) return;
            const view = detail.view;
            history.replaceState(null, "", this.address({
              stream: detail.stream, range: view === null && detail.range !== "newest" ? detail.range : "",
              since: view ? Math.round(view[0] * 1000) : "", until: view ? Math.round(view[1] * 1000) : "",
              channel: detail.channel || "", anomaly: detail.shown || "",
            }));
          },

          show() {
            const place = this.place, isStream = Boolean(place.stream);
            const wasStream = !byID("stream").hidden;
            byID("stream").hidden = !isStream;
            byID("overview").hidden = isStream;
            document.body.classList.toggle("chosen", isStream);
            list.select(isStream ? place.stream : null);
            if (isStream) {
              detail.show(place);
              if (wasStream !== isStream || matchMedia("(max-width: 48rem)").matches) scrollTo({ top: 0 });
            } else {
              detail.hide();
              overview.refresh();
            }
          },

          lost() {
            byID("trouble").textContent = "The connection to the daemon is lost; trying again. What you see is what was known last.";
            byID("trouble").hidden = false;
            byID("state").dataset.state = "lost";
            byID("state-word").textContent = "not connected";
          },

          connected() {
            byID("trouble").hidden = true;
            byID("trouble").textContent = "";
            say("Connected again.");
            this.refresh();
          },

          refresh() {
            health.refresh();
            list.refresh();
            if (detail.stream) { if (detail.isLive) detail.refresh(); detail.refreshAnomalies(); } else overview.refresh();
          },

          anomalies: null,

          heard(figures, commits) {
            health.head(figures);
            if (health.isShown) health.later();
            if (commits === this.commits) return;
            this.commits = commits;
            list.refreshLater();
            if (detail.stream && detail.isLive) detail.refreshLater();
            const anomalies = `${figures.anomalies} ${figures.open_anomalies}`;
            if (anomalies === this.anomalies) return;
            // What is there at first has just been asked for.
            const isFirst = this.anomalies === null;
            if (!isFirst && figures.open_anomalies > (this.open || 0)) say(`${count(figures.open_anomalies, "open anomaly", "open anomalies")}.`);
            this.anomalies = anomalies;
            this.open = figures.open_anomalies;
            if (isFirst) return;
            if (detail.stream) detail.refreshAnomalies(); else overview.refreshLater();
          },

          pressed(event) {
            if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
            if (document.querySelector("dialog[open]")) return;
            const target = event.target;
            const isTyping = target.matches("input, select, textarea"), isChart = target.closest("figure");
            if (isTyping) return;
            switch (event.key) {
              case "/": byID("search").focus(); byID("search").select(); break;
              case "j": list.move(1); break;
              case "k": list.move(-1); break;
              case "ArrowDown": if (isChart) return; list.move(1); break;
              case "ArrowUp": if (isChart) return; list.move(-1); break;
              case "c": if (!detail.chart || byID("stream").hidden) return; detail.chart.svg.focus(); break;
              case "l": if (!detail.stream) return; detail.choose("newest"); break;
              case "h": health.toggle(); break;
              case "a": location.hash = ""; break;
              case "Escape": if (isChart) return; location.hash = ""; break;
              case "?": byID("help").showModal(); break;
              default: return;
            }
            event.preventDefault();
          },
        };

        const unlock = {
          start() {
            byID("token-button").addEventListener("click", () => {
              if (server.token) { server.token = null; words.unlocked(); say("Locked."); } else this.ask();
            });
            byID("unlock").querySelector("form").addEventListener("submit", async event => {
              if (event.submitter?.value === "cancel") return;
              event.preventDefault();
              const token = byID("token").value.trim();
              const isRight = await server.isRight(token).catch(() => null);
              byID("token-fault").textContent = isRight === null ? "The daemon cannot be reached." : isRight ? "" : "This is another token than the daemon's.";
              if (!isRight) return;
              server.token = token;
              byID("token").value = "";
              byID("unlock").close();
              words.unlocked();
              say("Unlocked.");
            });
          },
          ask() { byID("token-fault").textContent = ""; byID("unlock").showModal(); byID("token").focus(); },
        };

        (async () => {
          const root = document.documentElement;
          try {
            detail.start();
            overview.start();
            unlock.start();
            byID("help-button").addEventListener("click", () => byID("help").showModal());
            byID("figure-streams").textContent = "…";
            addEventListener("hashchange", () => page.show());
            addEventListener("keydown", event => page.pressed(event));
            setInterval(() => {
              health.tick();
              for (const row of list.rows.values()) list.tell(row);
            }, second);
            live.listen((figures, commits) => page.heard(figures, commits));
            page.show();
            const first = [list.start(), health.start()];
            live.start();
            await Promise.all(first);
            root.dataset.ready = "true";
          } catch (error) {
            // Seen by the tests, and by whoever looks.
            root.dataset.failure = String(error);
            throw error;
          }
        })();
        """#
}
