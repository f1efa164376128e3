import AnomalyDetection
import ControlProtocol
import HTTPTypes
import Hummingbird
import PointStore
import Presentation

/// What the page reads from the database.
extension LivePage {
    /// Streams that are listed at once, at most.
    private static let mostStreams: Int64 = 200
    /// Newest values that are shown beside a stream's name.
    private static let recentValues = 40
    /// Columns of a chart, at most, and where nobody says.
    private static let mostColumns: Int64 = 2000
    private static let columns: Int64 = 800
    /// Points of a chart of the newest ones, at most.
    private static let mostPoints: Int64 = 100_000
    private static let mostAnomalies: Int64 = 500

    func streams(_ request: Request) async throws -> [UInt8] {
        let parameters = try PageParameters(request, known: ["search", "sort", "offset", "limit"])
        let search = parameters.text("search")
        let order = try parameters.choice("sort", StreamBoard.Order.score)
        let first = Int(try parameters.number("offset", in: 0...Int64(Int32.max)) ?? 0)
        let limit = Int(try parameters.number("limit", in: 1...Self.mostStreams) ?? 50)
        let numbered = try await keeper.board()
        // Most pages show the beginning of the list.
        let name = search == nil ? "\(order.rawValue) \(first) \(limit)" : nil
        if let name, let answer = await keeper.answer(name, of: numbered.number) { return answer }
        let board = numbered.board
        let (rows, matching) = board.rows(matching: search, in: order, from: first, limit: limit)
        let streams = try await pool.read { store, deadline in
            let summaries = try store.streamSummaries(Set(rows.map(\.stream)))
            let known = Dictionary(uniqueKeysWithValues: summaries.map { ($0.stream.id, $0) })
            return try rows.compactMap { row in
                try deadline.check()
                return try known[row.stream].map { summary in
                    StreamsAnswer.Stream(
                        row, summary, mutedUntil: board.mutes[row.stream],
                        recent: try Self.recent(of: row.stream, in: store))
                }
            }
        }
        let answer = try ControlLine.encode(
            StreamsAnswer(total: board.count, matching: matching, board: numbered.number, streams: streams))
        if let name { await keeper.keep(answer, as: name, of: numbered.number) }
        return answer
    }

    /// The newest values of the first channel, oldest first.
    private static func recent(of stream: Int32, in store: StoreReader) throws -> [Double?] {
        var query = PointQuery()
        query.streams = [stream]
        query.order = .newestFirst
        query.limit = recentValues
        let cursor = try store.points(query)
        var values: [Double?] = []
        while let point = try cursor.next() {
            let value = point.channels.first?.value ?? .nan
            values.append(value.isFinite ? value : nil)
        }
        return values.reversed()
    }

    func points(_ request: Request) async throws -> [UInt8] {
        let parameters = try PageParameters(
            request, known: ["stream", "since", "until", "span", "newest", "columns", "channel", "zone"])
        guard let name = parameters.text("stream") else { throw PageError(.badRequest, "expected stream=NAME") }
        let zone = parameters.zone
        let columns = Int(try parameters.number("columns", in: 50...Self.mostColumns) ?? Self.columns)
        let newest = try parameters.number("newest", in: 1...Self.mostPoints).map(Int.init)
        let channel = Int(try parameters.number("channel", in: 0...65_535) ?? 0)
        var query = PointQuery()
        query.since = try parameters.time("since")
        query.until = try parameters.time("until")
        if let since = query.since, let until = query.until, since >= until {
            throw PageError(.badRequest, "since is not before until")
        }
        // So long before the newest point.
        let span = try parameters.number("span", in: 1...1 << 60)
        return try await pool.read { [query] store, deadline in
            var query = query
            guard let stream = try store.stream(named: name) else {
                throw PageError(.notFound, "there is no stream \"\(name)\"")
            }
            guard channel < max(1, stream.channels) else {
                throw PageError(.notFound, "the stream \"\(name)\" has \(stream.channels) channels, counted from 0")
            }
            if let span { query.since = try store.newest(of: stream.id).map { $0.time - span } }
            // Several times as many as are drawn, so that a column is cut off at no other place than its own.
            let reader = PictureReader(store: store, zone: zone, columns: 4 * columns, drawn: columns)
            let picture = try reader.picture(of: stream, query, newest: newest, channels: [channel]) { _ in
                try deadline.check()
            }
            return Array(try Self.chart(picture, of: stream, columns: columns, zone: zone, in: store).utf8)
        }
    }

    /// - Parameter picture: nil without points.
    private static func chart(
        _ picture: Picture?, of stream: StreamRecord, columns: Int, zone: any Zone, in store: StoreReader
    ) throws -> String {
        var json = ""
        var facts = "\"points\":\(picture?.points ?? 0),\"channels\":\(stream.channels),"
        if let (first, newest) = try extent(of: stream, in: store) {
            facts += "\"extent\":[\(first / 1000),\(newest / 1000 + 1)],"
        }
        guard let picture else { return "{\(facts)\"time\":[]}\n" }
        if let summed = picture.summed {
            let times = "[\(summed.times.lowerBound / 1000),\(summed.times.upperBound / 1000)]"
            facts += "\"summed\":{\"over\":\(summed.width / 1000),\"times\":\(times)},"
        }
        ChartData(picture, columns: columns).append(
            to: &json, members: facts + "\"zones\":\(zones(zone, over: picture.time)),")
        return json + "\n"
    }

    /// Times of the first and the newest point, of which the first may have expired; nil if there never was one.
    private static func extent(of stream: StreamRecord, in store: StoreReader) throws -> (first: Int64, newest: Int64)?
    {
        let bounds = try store.bounds(of: stream.id)
        let summed = try RollupTier.allCases.compactMap { try store.oldestRollups($0, of: [stream])[stream.id] }.min()
        guard let newest = try bounds?.newest ?? store.rolled(of: stream.id)?.time else { return nil }
        // A bucket begins before the first of its points.
        let isExpired = summed.map { $0 + RollupTier.oneHour.width < bounds?.first ?? .max } ?? false
        guard let first = isExpired ? summed : bounds?.first ?? summed else { return nil }
        return (first, newest)
    }

    /// What the zone's clocks were set to, as the script of charts has it.
    private static func zones(_ zone: any Zone, over time: TimeAxis) -> String {
        let history = ZoneHistory(of: zone, in: time.start...time.end)
        let list = history.offsets.map { entry in
            // What a zone may be called, by POSIX.
            let name = entry.name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "+-".contains($0)) }
            return "[\(entry.from),\(entry.offset),\"\(name)\"]"
        }
        return "[" + list.joined(separator: ",") + "]"
    }

    func anomalies(_ request: Request) async throws -> [UInt8] {
        let parameters = try PageParameters(request, known: ["stream", "open", "since", "until", "limit"])
        var query = AnomalyQuery()
        query.openOnly = try parameters.flag("open")
        query.since = try parameters.time("since")
        query.until = try parameters.time("until")
        let limit = Int(try parameters.number("limit", in: 1...Self.mostAnomalies) ?? 50)
        let name = parameters.text("stream")
        return try await pool.read { [query] store, deadline in
            var query = query
            if let name {
                guard let stream = try store.stream(named: name) else {
                    throw PageError(.notFound, "there is no stream \"\(name)\"")
                }
                query.streams = [stream.id]
            }
            let cursor = store.anomalies(query)
            var found: [StoredAnomaly] = []
            while found.count <= limit, let stored = try cursor.next() { found.append(stored) }
            try deadline.check()
            let shown = found.prefix(limit)
            let names = try store.streams(Set(shown.map(\.stream))).names
            let (said, orders) = (try store.feedbackOfAnomalies(), try store.orders())
            return try ControlLine.encode(
                AnomaliesAnswer(
                    anomalies: shown.compactMap { stored in
                        names[stored.stream].map {
                            AnomaliesAnswer.Anomaly(
                                stored, stream: $0, said: said[stored.id]?.verdict, orders: orders[stored.stream])
                        }
                    }, more: found.count > limit))
        }
    }

    func anomaly(_ request: Request, _ id: String) async throws -> [UInt8] {
        let zone = try PageParameters(request, known: ["zone"]).zone
        guard let id = Int64(id) else { throw PageError(.badRequest, "expected the number of an anomaly") }
        let (model, now) = (daemon.model, daemon.now())
        return try await pool.read { store, _ in
            guard let stored = try store.anomaly(id) else { throw PageError(.notFound, "there is no anomaly \(id)") }
            let streams = try store.streams()
            let details = try AnomalyDetails(stored, in: store, of: streams)
            let explanation = try Explanation(
                details, in: store, of: streams, model: model(details.stream.name))
            let text = ExplanationText(explanation, now: now, zone: zone)
            return try ControlLine.encode(
                AnomalyAnswer(
                    anomaly: AnomaliesAnswer.Anomaly(
                        stored, stream: details.stream.name, said: details.feedback.verdict, orders: details.orders),
                    title: text.heading.title,
                    lines: text.lines.map { AnomalyAnswer.Line(label: $0.label, text: $0.text) },
                    explanation: ExplanationSummary(explanation)))
        }
    }
}
