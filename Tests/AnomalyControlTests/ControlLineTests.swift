import ControlProtocol
import Testing

@Suite struct ControlLineTests {
    private func text(_ message: some Encodable) throws -> String {
        String(decoding: try ControlLine.encode(message), as: UTF8.self)
    }

    @Test func requestOnTheWire() throws {
        #expect(try text(ControlRequest.status) == #"{"request":"status","version":1}"# + "\n")
        #expect(try ControlLine.decodeRequest(try ControlLine.encode(ControlRequest.status)) == .status)
    }

    @Test func commitsOnTheWire() throws {
        let question = ControlRequest.awaitCommit(CommitRequest(after: 7))
        #expect(try text(question) == #"{"commit":{"after":7},"request":"await_commit","version":1}"# + "\n")
        #expect(try ControlLine.decodeRequest(try ControlLine.encode(question)) == question)
        let short = #"{"request":"await_commit","version":1}"#
        #expect(try ControlLine.decodeRequest(short.utf8) == .awaitCommit(CommitRequest()))
        let reply = ControlReply.commit(CommitReply(commits: 8, database: "/a/b.db"))
        #expect(try text(reply) == #"{"commit":{"commits":8,"database":"/a/b.db"},"version":1}"# + "\n")
        #expect(try ControlLine.decodeReply(try ControlLine.encode(reply)) == reply)
    }

    @Test func statusOnTheWire() throws {
        #expect(
            try text(ControlReply.status(SampleStatus.busy)) == #"""
                {"status":{"allocated_bytes":31457280,"anomalies":17,"checkpoint_age_seconds":42.25,"commits":7400,\#
                "connections":3,"database":{"bytes":1073741824,"path":"/var/lib/anomalyd/anomaly.db"},"duplicate_points":5,\#
                "gradients":{"exploding":1,"healthy":980,"skipped_updates":3,"unknown":12,"vanishing":7},\#
                "last_commit":1795449899600000,"late_points":1200,\#
                "listeners":["/run/anomalyd/feed.sock","/run/anomalyd/more.sock"],"open_anomalies":3,"pid":4711,\#
                "points":2500000,"points_per_second":50123.4,"queues":{"shards":[120,0],"writer":7},\#
                "rejected_lines":{"name":1,"too-long":1,"utf8":0,"value":12},"resident_bytes":36909875,\#
                "started":1795442400000000,"state":"running","streams":1000,"text":"processing 1000 streams",\#
                "uptime_seconds":7500,"version":"0.1.0","warming_streams":12,\#
                "watchdog":{"last_sent":1795449898500000,"timeout_seconds":30}},"version":1}

                """#)
    }

    @Test func repliesComeBackEqual() throws {
        let error = ControlError(code: .notPermitted, message: "say \"please\"\nor ask root: größe")
        var restoring = SampleStatus.busy
        restoring.restoring = DaemonStatus.Restoring(restored: 1, streams: 2)
        #expect(try text(ControlReply.status(restoring)).contains(#""restoring":{"restored":1,"streams":2},"#))
        for reply in [
            .status(SampleStatus.busy), .status(SampleStatus.idle), .status(restoring), .error(error),
        ] as [ControlReply] {
            let line = try ControlLine.encode(reply)
            #expect(line.filter { $0 == UInt8(ascii: "\n") }.count == 1)
            #expect(try ControlLine.decodeReply(line) == reply)
        }
    }

    @Test func hindsightOnTheWire() throws {
        var hindsight = HindsightRequest(
            stream: "größe", run: nil,
            begin: HindsightRequest.Begin(first: 1, last: 3, threshold: 0.4, model: "gru"), from: 1, to: 3)
        hindsight.times = [1, 3]
        hindsight.scores = [0.25, nil]
        hindsight.anomalies = [true, false]
        hindsight.predictions = [1e-7, 0.1]
        hindsight.lowers = [nil, -1]
        hindsight.uppers = [2, 3]
        hindsight.residuals = [-0.5, nil]
        #expect(
            try text(ControlRequest.hindsight(hindsight)) == #"""
                {"hindsight":{"anomalies":[true,false],"begin":{"first":1,"last":3,"model":"gru","threshold":0.4},\#
                "from":1,"lowers":[null,-1],"predictions":[1e-07,0.1],"residuals":[-0.5,null],\#
                "scores":[0.25,null],"stream":"größe","times":[1,3],"to":3,"uppers":[2,3]},\#
                "request":"hindsight","version":1}

                """#)
        let line = try ControlLine.encode(ControlRequest.hindsight(hindsight))
        #expect(try ControlLine.decodeRequest(line) == .hindsight(hindsight))
        let reply = ControlReply.hindsight(HindsightReply(run: 7))
        #expect(try text(reply) == #"{"hindsight":{"run":7},"version":1}"# + "\n")
        #expect(try ControlLine.decodeReply(try ControlLine.encode(reply)) == reply)
    }

    /// The largest piece, of the longest numbers and names, is well below what a line may have.
    @Test func aWholePieceOfHindsightFitsIntoALine() throws {
        let count = HindsightRequest.mostNumbers
        let longest: [Double?] = Array(repeating: -2.2250738585072014e-308, count: count)
        var hindsight = HindsightRequest(
            stream: String(repeating: "\u{1}", count: 255), run: .max, begin: nil, from: .min, to: .max)
        hindsight.times = Array(repeating: .min, count: count)
        hindsight.anomalies = Array(repeating: false, count: count)
        hindsight.scores = longest
        hindsight.predictions = longest
        hindsight.lowers = longest
        hindsight.uppers = longest
        hindsight.residuals = longest
        #expect(try ControlLine.encode(ControlRequest.hindsight(hindsight)).count < ControlLine.maxLength / 2)
    }

    @Test func keysOfADictionaryAreLeftAlone() throws {
        var status = SampleStatus.idle
        status.rejectedLines = ["too_long": 1, "snake_case_key": 2, "camelCase": 3]
        #expect(try ControlLine.decodeReply(try ControlLine.encode(ControlReply.status(status))) == .status(status))
    }

    @Test func unknownFieldsAndWordsAreWelcome() throws {
        let line = try text(ControlReply.status(SampleStatus.idle))
            .replacing(#""pid":4711"#, with: #""pid":4711,"new_thing":{"a":[1]}"#)
            .replacing(#""state":"running""#, with: #""state":"dreaming""#)
            .replacing(#""version":1}"#, with: #""version":2,"more":null}"#)
        guard case .status(let status) = try ControlLine.decodeReply(line.utf8) else {
            Issue.record("no status")
            return
        }
        #expect(status.state.rawValue == "dreaming")
        #expect(status.pid == 4711)
        let request = #"{"version":1,"request":"status","why":"curiosity"}"#
        #expect(try ControlLine.decodeRequest(request.utf8) == .status)
    }

    @Test(arguments: [
        (#"{"request":"dance","version":1}"#, ControlError.Code.unknownRequest),
        (#"{"request":"status","version":2}"#, .unsupportedVersion),
        (#"{"request":"status"}"#, .badRequest),
        (#"{"request":"hindsight","version":1}"#, .badRequest),
        (#"{"hindsight":{"stream":"a"},"request":"hindsight","version":1}"#, .badRequest),
        (#"{"request":7,"version":1}"#, .badRequest),
        (#"{"version":1}"#, .badRequest),
        ("", .badRequest), ("status", .badRequest), ("[]", .badRequest), ("{", .badRequest), ("\0", .badRequest),
        (#"{"request":"status","version":1}{"request":"status","version":1}"#, .badRequest),
    ])
    func badRequests(line: String, code: ControlError.Code) {
        let error = #expect(throws: ControlError.self) { try ControlLine.decodeRequest(line.utf8) }
        #expect(error?.code == code)
        #expect(error?.message.isEmpty == false)
    }

    @Test func badReplies() throws {
        let complete = try text(ControlReply.status(SampleStatus.idle))
        for (line, reason) in [
            (complete.replacing(#""pid":4711,"#, with: ""), "status.pid is missing"),
            (complete.replacing(#""pid":4711"#, with: #""pid":"x""#), "status.pid has the wrong type"),
            (complete.replacing(#""pid":4711"#, with: #""pid":null"#), "status.pid is null"),
            (#"{"version":1}"#, "status is missing"),
            ("hello", "it is not one JSON object"),
        ] {
            let error = #expect(throws: ControlError.self) { try ControlLine.decodeReply(line.utf8) }
            #expect(error?.code == .failed)
            #expect(error?.message == "the daemon's reply is not understood: \(reason)")
        }
    }
}
