import Testing
import PointStore
import AnomalyDetection
@Test func scratchFill() throws {
    let writer = try PointStore(path: "/tmp/ctl-big.db")
    let streams = 200, per = 10_000
    var commit = Commit()
    for s in 1...streams { commit.streams.append(StreamRecord(id: Int32(s), name: "web.frontend.\(s)", channels: 1, created: 0)) }
    for block in 0..<20 {
        for s in 1...streams { for i in 0..<(per/20) { let k = block*(per/20)+i
            let v = Double((k*7919+s*31) % 100003)/997.3
            commit.points.append(PointRow(stream: Int32(s), channel: 0, sequence: Int64(k+1), time: 1_795_000_000_000_000+Int64(k)*1_000_000+Int64(s), value: v, prediction: v*0.93, lower: v-1, upper: v+1.1, residual: v*0.07, score: v/101, flags: v > 100 ? .init(rawValue: 4) : [])) } }
        try writer.commit(&commit); commit.removeAll()
    }
    try writer.close()
}
