import CPoints
import GRDB

/// The virtual table `points`, which shows SQL the points of all tables.
enum PointsTable {
    private static let code = anomalyd_points_register()

    /// Makes it part of every connection that this process opens from now on.
    static func register() throws {
        guard code == 0 else {
            throw DatabaseError(
                resultCode: ResultCode(rawValue: code), message: "the virtual table points cannot be registered")
        }
    }
}
