/// The time of a point as its season counts it: by local clocks, which are put forward and back twice a year.
struct SeasonClock {
    private let zone: LocalTime
    private let time: Int64
    /// Microseconds between two points; 0: not known.
    private let step: Int64
    private let offset: Int64
    /// Values in a day; 0 if that is not known or too many to be kept for two days.
    let pointsInDay: Int

    init(zone: LocalTime, time: Int64, step: Int64, pointsInDay: Int) {
        self.zone = zone
        self.time = time
        self.step = step
        self.pointsInDay = pointsInDay
        offset = zone.offset(at: time)
    }

    /// What local clocks show, as microseconds since their 1970 began.
    var local: Int64 { time &+ offset }

    /// How many values back the same place of an earlier season lies, which is so many values back while clocks are not
    /// put forward or back. Only seasons of whole days go by clocks.
    func places(back: Int, period: Int) -> Int {
        if zone.offsets.count < 2 || step <= 0 { return back }
        let length = Int64(period) * step % LocalTime.day
        guard length < step || LocalTime.day - length < step else { return back }
        let then = zone.offset(at: time &- Int64(back) &* step)
        return back + Int((then - offset) / step)
    }
}
