import AnomalyDetection

/// What a shard keeps of a stream that sleeps: its state is in the database alone.
struct SleepingStream {
    let id: Int32
    /// Number of the database that has the state (see ``HistoryPath``).
    var database: UInt16
    /// What it is counted as.
    var isWarming: Bool
    var isSilent: Bool
    var hasOpenAnomaly: Bool
    /// Time of its newest point, be that stepped or waiting, in microseconds since 1970.
    var newest: Int64
    /// The silence that is an anomaly, in microseconds; nil if none is, or if that has been looked at in vain.
    var patience: Int64? {
        get { storedPatience == .max ? nil : storedPatience }
        set { storedPatience = newValue ?? .max }
    }
    private var storedPatience = Int64.max
    var silence: SilenceWatch

    /// - Parameter database: the number of the one that has all of it.
    init(_ state: StreamState, database: Int) {
        let detector = state.detector
        id = state.id
        self.database = UInt16(clamping: database)
        isWarming = detector.isWarmingUp
        isSilent = detector.isSilent
        hasOpenAnomaly = detector.anomaly?.isOpen == true
        newest = max(detector.newestTime, state.order.newestWaiting)
        silence = state.silence
        patience = state.isSilenceInVain ? nil : detector.longestSilence
    }
}

/// The streams of a shard that sleep, by their places. Belongs to the shard's thread.
struct SleepingStreams {
    private var streams: [SleepingStream?] = []
    private(set) var count = 0
    private var next = 0

    mutating func add(_ stream: SleepingStream, at place: Int32) {
        while streams.count <= Int(place) { streams.appendSlowly(nil) }
        streams[Int(place)] = stream
        count += 1
    }

    /// The id of the stream at a place; nil if none sleeps there.
    func id(at place: Int32) -> Int32? { Int(place) < streams.count ? streams[Int(place)]?.id : nil }

    /// Takes a stream out; nil if it does not sleep.
    mutating func take(_ place: Int32) -> SleepingStream? {
        guard Int(place) < streams.count, let stream = streams[Int(place)] else { return nil }
        streams[Int(place)] = nil
        count -= 1
        return stream
    }

    /// Takes all out, with their places.
    mutating func takeAll() -> [(place: Int32, stream: SleepingStream)] {
        let all = streams.enumerated().compactMap { place, stream in stream.map { (Int32(place), $0) } }
        self = SleepingStreams()
        return all
    }

    /// Looks at some streams, the next ones in turn, until one has been silent for too long.
    ///
    /// - Returns: its place.
    mutating func nextSilent(lookingAt number: Int, run: RunStart, now: Int64, wall: Int64) -> Int32? {
        if count == 0 { return nil }
        for _ in 0..<min(streams.count, number) {
            if next >= streams.count { next = 0 }
            let place = next
            next += 1
            guard streams[place]?.silence.isDue(now) == true, let patience = streams[place]?.patience,
                let newest = streams[place]?.newest
            else { continue }
            let isSilent = streams[place]?.silence.isSilent(
                patience: patience, newest: newest, run: run, now: now, wall: wall)
            if isSilent == true { return Int32(place) }
        }
        return nil
    }
}
