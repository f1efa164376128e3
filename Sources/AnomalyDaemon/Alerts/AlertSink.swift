/// Somebody who is told of anomalies. One kind is one file.
protocol AlertSink: Sendable {
    /// What kind it is, in a word for people.
    var kind: String { get }

    /// Tells; never waits for the other side. The machine sees to it that not too much is on its way.
    ///
    /// - Parameter done: called once, on any thread.
    func deliver(_ notification: AlertNotification, done: @escaping @Sendable (AlertOutcome) -> Void)

    /// Gives up what is on its way.
    func abandon()
}

extension AlertSink {
    func abandon() {}
}
