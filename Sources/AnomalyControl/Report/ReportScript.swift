import Presentation

/// What makes the charts of a report, behind `ChartScript`. Both are in the page as they are here; `ReportPage` names
/// their digest, so that nothing else runs.
enum ReportScript {
    static let text = #"""

        (() => {
          const data = JSON.parse(document.getElementById("data").textContent);
          const { Chart, setZones } = charting;
          setZones(data.zones);
          const root = document.documentElement;
          try {
            const charts = [...document.querySelectorAll("figure[data-chart]")].map(figure => {
              figure.replaceChildren();
              return new Chart(figure, data.charts[Number(figure.dataset.chart)]);
            });
            for (const link of document.querySelectorAll("a[data-anomaly]")) {
              link.addEventListener("click", () => charts[Number(link.dataset.in)].showAnomaly(Number(link.dataset.anomaly)));
            }
            root.dataset.charts = charts.length;
          } catch (error) {
            // Seen by the tests, and by whoever looks.
            root.dataset.failure = String(error);
            throw error;
          }
        })();
        """#
}
