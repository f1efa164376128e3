import Testing

/// The status counts streams by the health of their gradients, and the log names one that is in trouble for long.
@Suite struct GradientHealthTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    @Test func vanishingGradientsAreReported() throws {
        try folder.write(
            """
            [[stream]]
            match = "sick"
            model.cell = "rnn"
            model.initialisation = "normal"
            model.learning_rate = 1e-12
            model.layers = 2
            """, to: "anomalyd.toml")
        let daemon = try DaemonProcess.start(in: folder)
        #expect(try daemon.status().gradients == DaemonProcess.Status.Gradients())
        let client = try daemon.client()
        var generator = SplitMix(seed: 9)
        var time = 0
        /// `count` points for two streams, a tenth of a unit about a wave.
        func send(_ count: Int) throws {
            var text = ""
            for _ in 0..<count {
                time += 1
                let value = Double(time % 24) + Double.random(in: -1...1, using: &generator)
                text += "sick \(value) \(time)\nfine \(value) \(time)\n"
            }
            try client.send(text)
            try client.sync()
        }
        try send(4)
        try client.send("new 1 1\n")
        try client.sync()
        try eventually("streams without an update are counted") { try daemon.status().gradients.unknown == 3 }
        try send(400)
        try eventually("the judgement is known") {
            try daemon.status().gradients == DaemonProcess.Status.Gradients(healthy: 1, vanishing: 1, unknown: 1)
        }
        #expect(!daemon.process.errors.contains("gradients"), "it is not in trouble for long yet")
        try send(2000)
        let message = "the gradients of a stream vanish"
        try eventually("the log tells of it") { daemon.process.errors.contains(message) }
        try send(2000)
        try eventually("these are counted too") { try daemon.status().points == 8809 }
        try daemon.stop()
        let lines = daemon.process.errors.split(separator: "\n").filter { $0.contains("gradients") }
        #expect(lines.count == 1, "\(lines)")
        #expect(lines[0].contains(" stream=sick ") || lines[0].hasSuffix(" stream=sick"), "\(lines[0])")
        #expect(lines[0].contains(" layer=\"1 of 2\"") && lines[0].contains(" steps=32"), "\(lines[0])")
        #expect(lines[0].contains("hint=\"it learns nothing from far back; try model.cell = gru"), "\(lines[0])")
    }
}
