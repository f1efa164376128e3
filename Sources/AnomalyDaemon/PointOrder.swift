package import AnomalyConfiguration

/// Decides by its time alone what becomes of a stream's next point, before anything else looks at it.
///
/// Times of arrival are made to increase: when the clock steps back, they go on by a microsecond a point until it has
/// caught up.
package struct PointOrder: Sendable {
    /// What becomes of a point.
    package enum Place: Sendable, Equatable {
        /// It is the stream's next one, with this time.
        case next(time: Int64)
        /// It waits in `window`, with this time.
        case waits(time: Int64)
        /// It is late and stored as it is.
        case kept
        /// It is late and dropped.
        case late
        /// There is one of this time; it is dropped.
        case duplicate
    }

    /// The window as the one element, or none: most streams never have points that wait, and there may be very many.
    private var windows: [ReorderWindow] = []
    private let channels: UInt16
    private let late: LatePoints

    /// - Parameter channels: values in each point.
    package init(_ settings: StreamFeedSettings, channels: Int) {
        late = settings.late
        self.channels = UInt16(channels)
        if late == .reorder {
            windows = [
                ReorderWindow(
                    span: settings.reorderWindow, capacity: settings.reorderPoints, channels: channels)
            ]
        }
    }

    /// Points that wait. Without `reorder`, only those that wait still from a run with it: they all are due.
    package var window: ReorderWindow {
        get { windows.first ?? noWindow }
        _modify {
            if windows.isEmpty { windows = [noWindow] }
            defer { if late != .reorder, windows[0].count == 0 { windows = [] } }
            yield &windows[0]
        }
    }

    private var noWindow: ReorderWindow { ReorderWindow(span: 0, capacity: 1, channels: Int(channels)) }

    /// Time of the newest point that waits; `Int64.min` if none does.
    package var newestWaiting: Int64 { windows.first?.newest ?? .min }

    /// Whether any point waits.
    package var hasWaiting: Bool { windows.first.map { $0.count > 0 } ?? false }

    /// Decides, and puts the point into the window if it waits.
    ///
    /// - Parameters:
    ///   - time: microseconds since 1970.
    ///   - isArrival: whether `time` is that of arrival, which may be moved.
    ///   - newest: time of the last point that was next, or has left the window; `Int64.min` before the first.
    ///   - values: one for each channel.
    package mutating func place(
        _ time: Int64, isArrival: Bool, after newest: Int64, values: UnsafeBufferPointer<Double>
    ) -> Place {
        if late != .reorder {
            if time > newest { return .next(time: time) }
            if isArrival { return .next(time: newest + 1) }
            if time == newest { return .duplicate }
            return late == .keep ? .kept : .late
        }
        let last = max(newest, newestWaiting)
        let time = isArrival && time <= last ? last + 1 : time
        if time <= newest { return time == newest ? .duplicate : .late }
        return window.insert(time: time, values: values) ? .waits(time: time) : .duplicate
    }
}
