// With Hummingbird in the target, the compiler takes glibc's structures for libdispatch's.
import CDispatch
import Foundation

/// The time of day, for stamping points that bring none.
enum WallClock {
    /// Microseconds since 1970.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}

/// Time that never jumps, for intervals and signs of life.
enum SteadyClock {
    /// Microseconds since some moment in the past.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
