import Logging

/// What people are told of a damaged database that was set aside.
enum DamageNote {
    static func log(_ aside: String, for database: String, _ logger: Logger) {
        logger.tell(.setAside, ["set_aside": "\(aside)", "database": "\(database)", "hint": "\(hint(aside))"])
    }

    /// For status.
    static func text(_ aside: String) -> String {
        "A damaged database was set aside as \(aside) and a new one begun: \(hint(aside)), or move it away"
    }

    private static func hint(_ aside: String) -> String {
        "to bring over what can be read, try: anomalyctl db salvage \(aside) -o NEW"
    }
}
