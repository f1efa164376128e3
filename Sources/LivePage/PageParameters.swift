import HTTPTypes
import Hummingbird
import Presentation

/// The parameters of a request, in its query.
struct PageParameters {
    private let parameters: Parameters

    /// - Parameter known: names that the request may have; others are errors, as a misspelt one would be ignored.
    /// - Throws: ``PageError``.
    init(_ request: Request, known: [String]) throws(PageError) {
        parameters = request.uri.queryParameters
        for (name, _) in parameters where !known.contains(String(name)) {
            let list = known.isEmpty ? "none" : known.joined(separator: ", ")
            throw PageError(.badRequest, "unknown parameter \"\(name)\", expected \(list)")
        }
    }

    func text(_ name: String) -> String? {
        parameters.get(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    func flag(_ name: String) throws(PageError) -> Bool {
        switch text(name) {
        case nil, "false": return false
        case "true": return true
        case let other?: throw fault(name, other, "true or false")
        }
    }

    /// - Throws: ``PageError`` unless it is absent or a number in the range.
    func number(_ name: String, in range: ClosedRange<Int64>) throws(PageError) -> Int64? {
        guard let text = text(name) else { return nil }
        guard let number = Int64(text), range.contains(number) else {
            throw fault(name, text, "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A time in microseconds since 1970; far enough from the ends of all time that differences don't overflow.
    func time(_ name: String) throws(PageError) -> Int64? { try number(name, in: -(1 << 60)...1 << 60) }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _ standard: Choice
    ) throws(PageError) -> Choice where Choice.RawValue == String {
        guard let text = text(name) else { return standard }
        guard let choice = Choice(rawValue: text) else {
            throw fault(name, text, "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }

    /// The zone of whoever looks. One that this machine does not know is UTC, which the times then say.
    var zone: any Zone {
        text("zone").flatMap { NamedZone($0) } ?? FixedZone.utc
    }

    private func fault(_ name: String, _ text: String, _ expected: String) -> PageError {
        PageError(.badRequest, "\(name) is \"\(text.prefix(100))\", expected \(expected)")
    }
}
