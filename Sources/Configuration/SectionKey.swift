/// A section that a file may have any number of times, each a thing of its own: `[[sink]]`, `[[mute]]`.
protocol RepeatedSection: Sendable, Equatable {
    static var sectionName: String { get }
    /// What such a section is, for people.
    static var help: String { get }
    static var example: [String] { get }
    static var keys: [SectionKey<Self>] { get }
    var origin: ConfigurationOrigin { get set }
    init()
    /// What is wrong with it as a whole: the key to blame and the text; nil if nothing is.
    var problem: (key: String, text: String)? { get }
}

extension RepeatedSection {
    /// As a file would have it.
    var lines: [String] { Self.keys.compactMap { key in key.value(in: self).map { "\(key.name) = \($0.toml)" } } }
}

/// A key of such a section: as `ConfigurationKey`, one row of a table that all else follows from.
struct SectionKey<Section: Sendable>: Sendable {
    let name: String
    let unit: String
    let expectation: String
    let summary: String
    let choosing: String
    /// Puts the value into the section; false if it is not what is expected.
    let set: @Sendable (ConfigurationValue, inout Section) -> Bool
    /// Nil where the section does not say.
    let value: @Sendable (Section) -> ConfigurationValue?

    init<Value: Equatable>(
        _ name: String, _ property: any WritableKeyPath<Section, Value> & Sendable, _ kind: ValueKind<Value>,
        unit: String = "", _ summary: String, choosing: String, unless none: Value? = nil
    ) {
        (self.name, self.unit, expectation) = (name, unit, kind.expectation)
        (self.summary, self.choosing) = (summary, choosing)
        set = { value, section in
            guard let value = kind.decode(value) else { return false }
            section[keyPath: property] = value
            return true
        }
        value = { section in
            let value = section[keyPath: property]
            return value == none ? nil : kind.encode(value)
        }
    }

    /// A key that stands for another value while it is not there.
    init<Value>(
        _ name: String, _ property: any WritableKeyPath<Section, Value?> & Sendable, _ kind: ValueKind<Value>,
        unit: String = "", _ summary: String, choosing: String
    ) {
        (self.name, self.unit, expectation) = (name, unit, kind.expectation)
        (self.summary, self.choosing) = (summary, choosing)
        set = { value, section in
            guard let value = kind.decode(value) else { return false }
            section[keyPath: property] = value
            return true
        }
        value = { $0[keyPath: property].map(kind.encode) }
    }

    func value(in section: Section) -> ConfigurationValue? { value(section) }
}

/// What documents say of a section's keys.
package struct SectionDescription: Sendable {
    package struct Key: Sendable {
        package let name: String
        package let summary: String
        package let takes: String
        package let choosing: String
        /// As a file would have it; nil for a key that has to be set, or stands for another one's value.
        package let standard: String?
    }

    package let name: String
    package let help: String
    package let example: [String]
    package let keys: [Key]

    init<Section: RepeatedSection>(_ section: Section.Type) {
        name = section.sectionName
        help = section.help
        example = section.example
        let defaults = Section()
        keys = section.keys.map { key in
            Key(
                name: key.name, summary: key.summary,
                takes: key.expectation + (key.unit.isEmpty ? "" : " (\(key.unit))"), choosing: key.choosing,
                standard: key.value(in: defaults)?.toml)
        }
    }

    /// All such sections, in the order of the documents.
    package static let all = [SectionDescription(AlertSinkSettings.self), SectionDescription(MuteWindow.self)]
}
