/// Who reads on stdout that the lines on stdin are stored, without asking by `!sync`.
public enum Confirmation: String, Sendable, CaseIterable {
    /// rsyslog's omprog.
    case rsyslog
}
