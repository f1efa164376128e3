import Glibc

/// One source of settings: a file, or the command line. Everything in it is checked by itself when it is made; what
/// is wrong is collected, not thrown, so that somebody who has made five mistakes reads of five.
///
/// Layers are put on top of each other by `DaemonConfiguration.init(layers:paths:)`.
public struct ConfigurationLayer: Sendable {
    /// What is wrong with the layer by itself.
    public private(set) var problems: [ConfigurationProblem] = []
    /// Known keys with values in range, in the order in which they apply.
    private(set) var assignments: [Assignment] = []
    private(set) var sections: [Section] = []
    private(set) var sinks: [AlertSinkSettings] = []
    private(set) var mutes: [MuteWindow] = []
    /// The file's lines that set something: neither empty nor comments. None for a credential.
    private(set) var settingLines: [String] = []
    /// Where the paths of files count from.
    private var folder = ""
    /// Whether nothing may show what it sets.
    private var isSecret = false
    /// Where the keys of the file stand.
    private var lines = TOMLLines()

    struct Assignment: Sendable {
        let key: ConfigurationKey
        let value: ConfigurationValue
        let origin: ConfigurationOrigin
    }

    struct Section: Sendable {
        let section: StreamSection
        /// How problems name it.
        let label: String

        var origin: ConfigurationOrigin { section.origin }
    }

    /// An empty layer, for the command line.
    public init() {}
}

// MARK: - A file

extension ConfigurationLayer {
    /// Reads a file of at most 1 MiB.
    /// - Parameter mayBeMissing: whether a file that does not exist is an empty layer instead of a problem, as is
    ///   right for a default file.
    public static func file(_ path: String, mayBeMissing: Bool = false) -> ConfigurationLayer {
        existingFile(path) ?? (mayBeMissing ? ConfigurationLayer() : unreadable(path, cause: strerror(of: ENOENT)))
    }

    /// Reads a file of at most 1 MiB; nil if it does not exist.
    static func existingFile(_ path: String, isSecret: Bool = false) -> ConfigurationLayer? {
        do throws(FileFailure) {
            let text = try readFile(path, limit: TOMLPrecheck.largestFile + 1)
            return ConfigurationLayer(toml: text, source: path, folder: FilePath.folder(of: path), isSecret: isSecret)
        } catch {
            return error.isMissing ? nil : unreadable(path, cause: error.cause)
        }
    }

    /// Nothing but the problem that a file or folder cannot be read.
    static func unreadable(_ path: String, cause: String) -> ConfigurationLayer {
        var layer = ConfigurationLayer()
        layer.report(Place(source: path), .unreadable("cannot read the configuration file: \(cause)"))
        return layer
    }

    /// Reads a TOML document.
    /// - Parameters:
    ///   - source: how problems name it.
    ///   - folder: where the paths of files in it count from; empty for the working folder.
    ///   - isSecret: whether nothing may show what it sets, problems included.
    public init(toml bytes: [UInt8], source: String, folder: String = "", isSecret: Bool = false) {
        self.folder = folder
        self.isSecret = isSecret
        do throws(ConfigurationProblem) {
            let root = try TOMLReader.read(bytes, source: source)
            lines = TOMLLines(bytes)
            if !isSecret { settingLines = Self.settingLines(of: bytes) }
            read(root, source: source)
        } catch {
            report(Place(source: source), error.reason)
        }
    }

    private static func settingLines(of bytes: [UInt8]) -> [String] {
        String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).filter { line in
            line.first { !$0.isWhitespace }.map { $0 != "#" } ?? false
        }.map(String.init)
    }

    /// Reads a TOML document.
    public init(toml text: String, source: String, folder: String = "") {
        self.init(toml: Array(text.utf8), source: source, folder: folder)
    }

    private mutating func read(_ root: [String: ConfigurationValue], source: String) {
        let names = ConfigurationKey.groups.map(\.name)
        for (name, value) in root.sorted(by: { $0.key < $1.key }) {
            switch value {
            case _ where name == "stream": readSections(value, source: source)
            case _ where name == AlertSinkSettings.sectionName: sinks = readRepeated(value, source: source)
            case _ where name == MuteWindow.sectionName: mutes = readRepeated(value, source: source)
            case .table(let table) where names.contains(name):
                for (path, value) in flattened(table, under: name) {
                    let place = place(path, path, source)
                    guard let key = known(path, among: ConfigurationKey.all, at: place) else { continue }
                    if let value = checked(value, for: key, at: place) {
                        assignments.append(Assignment(key: key, value: value, origin: origin(of: place)))
                    }
                }
            case _ where names.contains(name):
                report(
                    place(name, name, source),
                    .wrongValue(found: value.excerpt, expected: "a section, written [\(name)]"))
            default: reportUnknown(name, value, source: source)
            }
        }
    }

    /// Something at the top level that is no section of ours.
    private mutating func reportUnknown(_ name: String, _ value: ConfigurationValue, source: String) {
        let label = ConfigurationValue.key(name)
        let nearest: String?
        if value.isSection {
            nearest = Suggestion.nearest(to: name, among: ConfigurationKey.groups.map(\.name) + TOMLLines.repeated)
                .map { TOMLLines.repeated.contains($0) ? "[[\($0)]]" : "[\($0)]" }
        } else {
            nearest = Suggestion.nearestKey(to: label, among: ConfigurationKey.all)
        }
        let sections = ConfigurationKey.groups.map { "[\($0.name)]" } + TOMLLines.repeated.map { "[[\($0)]]" }
        report(place(label, label, source), .unknownKey(suggestion: nearest, known: nearest == nil ? sections : []))
    }

    private mutating func readSections(_ value: ConfigurationValue, source: String) {
        guard case .array(let tables) = value else {
            return report(
                place("stream", "stream", source),
                .wrongValue(found: value.excerpt, expected: "sections, each written [[stream]] with two brackets"))
        }
        for (index, value) in tables.enumerated() {
            let label = "stream \(index + 1)"
            let here = place(label, label, source)
            guard case .table(var table) = value else {
                report(here, .wrongValue(found: value.excerpt, expected: "a section, written [[stream]]"))
                continue
            }
            let match = table.removeValue(forKey: "match")
            let glob = glob(match, at: place(label + ": match", label + ".match", source))
            let shown = isSecret ? nil : glob.map { "\(label) (match = \(ConfigurationValue.quoted($0.pattern)))" }
            let name = shown ?? label
            let overrides = overrides(table, of: label, label: name, source: source)
            if let glob {
                let section = StreamSection(match: glob, overrides: overrides, origin: origin(of: here))
                sections.append(Section(section: section, label: name))
            }
        }
    }

    /// Sections that are things of their own; those with a mistake in them are left out.
    private mutating func readRepeated<Section: RepeatedSection>(
        _ value: ConfigurationValue, source: String
    ) -> [Section] {
        let name = Section.sectionName
        guard case .array(let tables) = value else {
            report(
                place(name, name, source),
                .wrongValue(found: value.excerpt, expected: "sections, each written [[\(name)]] with two brackets"))
            return []
        }
        var sections: [Section] = []
        for (index, value) in tables.enumerated() {
            let label = "\(name) \(index + 1)"
            let (here, before) = (place(label, label, source), problems.count)
            guard case .table(let table) = value else {
                report(here, .wrongValue(found: value.excerpt, expected: "a section, written [[\(name)]]"))
                continue
            }
            var section = Section()
            section.origin = origin(of: here)
            for (key, value) in table.sorted(by: { $0.key < $1.key }) {
                let shown = ConfigurationValue.key(key)
                let place = place("\(label): \(shown)", "\(label).\(shown)", source)
                guard let known = Section.keys.first(where: { $0.name == key }) else {
                    let nearest = Suggestion.nearest(to: key, among: Section.keys.map(\.name))
                    report(
                        place,
                        .unknownKey(suggestion: nearest, known: nearest == nil ? Section.keys.map(\.name) : []))
                    continue
                }
                if !known.set(value, &section) {
                    report(place, .wrongValue(found: value.excerpt, expected: known.expectation))
                }
            }
            if problems.count == before, let problem = section.problem {
                report(
                    place("\(label): \(problem.key)", "\(label).\(problem.key)", source), .conflict(problem.text))
            }
            if problems.count == before { sections.append(section) }
        }
        return sections
    }

    private mutating func glob(_ value: ConfigurationValue?, at place: Place) -> Glob? {
        let expected = "a glob for the names of streams, such as \"web.*\""
        switch value {
        case .string(let pattern) where !pattern.isEmpty:
            do throws(GlobError) {
                return try Glob(pattern)
            } catch {
                report(
                    place,
                    .wrongValue(
                        found: ConfigurationValue.string(pattern).excerpt + ", where \(error)", expected: expected))
            }
        case nil: report(place, .wrongValue(found: "nothing", expected: expected))
        case let value?: report(place, .wrongValue(found: value.excerpt, expected: expected))
        }
        return nil
    }

    /// - Parameters:
    ///   - section: `stream 2`.
    ///   - label: how problems name it.
    private mutating func overrides(
        _ table: [String: ConfigurationValue], of section: String, label: String, source: String
    ) -> [String: ConfigurationValue] {
        let perStream = ConfigurationKey.all.filter(\.isPerStream)
        let names = ConfigurationKey.groups.map(\.name)
        var overrides: [String: ConfigurationValue] = [:]
        for (name, value) in table.sorted(by: { $0.key < $1.key }) {
            let leaves: [(path: String, value: ConfigurationValue)]
            if !names.contains(name) {
                leaves = [(ConfigurationValue.key(name), value)]
            } else if case .table(let inner) = value {
                leaves = flattened(inner, under: name)
            } else {
                report(
                    place("\(label): \(name)", "\(section).\(name)", source),
                    .wrongValue(found: value.excerpt, expected: "keys, such as \(name).KEY = VALUE"))
                continue
            }
            for (path, value) in leaves {
                let place = place("\(label): \(path)", "\(section).\(path)", source)
                if let key = ConfigurationKey.named(path), !key.isPerStream {
                    report(place, .conflict("holds for the daemon as a whole, expected outside of [[stream]]"))
                } else if let key = known(path, among: perStream, at: place) {
                    overrides[path] = checked(value, for: key, at: place)
                }
            }
        }
        return overrides
    }

    /// The values in a table with the paths that they have. A table where a key is expected stays one value, so
    /// that its type can be refused.
    private func flattened(
        _ table: [String: ConfigurationValue], under prefix: String
    ) -> [(path: String, value: ConfigurationValue)] {
        table.sorted { $0.key < $1.key }.map { (prefix + "." + ConfigurationValue.key($0.key), $0.value) }
    }
}

// MARK: - The command line

extension ConfigurationLayer {
    /// Adds a setting as `--set` takes it: `KEY=VALUE`, for instance `model.hidden=32`.
    ///
    /// VALUE is TOML; where the key takes a string, the quotation marks may be missing.
    public mutating func set(_ assignment: String) {
        guard let equals = assignment.firstIndex(of: "=") else {
            return report(
                Place(source: "--set"),
                .wrongValue(
                    found: ConfigurationValue.quoted(assignment), expected: "KEY=VALUE, such as model.hidden=32"))
        }
        set(
            Self.trimmed(assignment[..<equals]), to: Self.trimmed(assignment[assignment.index(after: equals)...]),
            flag: "--set")
    }

    /// Adds the value of a flag that stands for a key.
    /// - Parameter text: TOML, or a string without its quotation marks.
    /// - Parameter flag: how problems name the source, such as `--database`.
    public mutating func set(_ path: String, to text: String, flag: String) {
        let place = Place(source: flag, key: path)
        guard let key = known(path, among: ConfigurationKey.all, at: place) else { return }
        let plain = ConfigurationValue.string(text)
        // TOML first: `"a b"` in quotation marks means the string within. But 1 for a path or 660 for a mode is the
        // string that it looks like, and /run/x is no TOML at all.
        let candidates = [Self.value(text), plain].compactMap { $0 }
        if let value = candidates.first(where: key.accepts) {
            assignments.append(Assignment(key: key, value: complete(value, for: key), origin: origin(of: place)))
        } else {
            report(place, .wrongValue(found: (candidates.first ?? plain).excerpt, expected: key.expectation))
        }
    }

    /// Adds the values of a flag that may be given more than once.
    public mutating func set(_ path: String, to texts: [String], flag: String) {
        let place = Place(source: flag, key: path)
        guard let key = known(path, among: ConfigurationKey.all, at: place) else { return }
        let value = ConfigurationValue.array(texts.map { .string($0) })
        if let value = checked(value, for: key, at: place) {
            assignments.append(Assignment(key: key, value: value, origin: origin(of: place)))
        }
    }

    /// The value that a text stands for in TOML, or nil if it is none, or more than one.
    private static func value(_ text: String) -> ConfigurationValue? {
        guard let table = try? TOMLReader.read(Array("value = \(text)".utf8), source: ""), table.count == 1 else {
            return nil
        }
        return table["value"]
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

// MARK: - Checks

extension ConfigurationLayer {
    /// What a problem is about.
    private struct Place {
        var source: String
        var line: Int?
        /// As problems name it.
        var key: String?
    }

    /// - Parameters:
    ///   - label: how problems name the key.
    ///   - path: where the lines know it by.
    private func place(_ label: String, _ path: String, _ source: String) -> Place {
        Place(source: source, line: lines.line(of: path), key: label)
    }

    private func origin(of place: Place) -> ConfigurationOrigin {
        ConfigurationOrigin(source: place.source, line: place.line, isSecret: isSecret)
    }

    private mutating func known(
        _ path: String, among keys: [ConfigurationKey], at place: Place
    ) -> ConfigurationKey? {
        if let key = ConfigurationKey.named(path) { return key }
        let nearest = Suggestion.nearestKey(to: path, among: keys)
        var known: [String] = []
        if nearest == nil {
            let section = path.prefix { $0 != "." } + "."
            known = keys.map(\.path).filter { $0.hasPrefix(section) }
            if known.isEmpty { known = keys.map(\.path) }
        }
        report(place, .unknownKey(suggestion: nearest, known: known))
        return nil
    }

    private mutating func checked(
        _ value: ConfigurationValue, for key: ConfigurationKey, at place: Place
    ) -> ConfigurationValue? {
        if key.accepts(value) { return complete(value, for: key) }
        report(place, .wrongValue(found: value.excerpt, expected: key.expectation))
        return nil
    }

    /// The value with a path that means the same wherever it is read.
    private func complete(_ value: ConfigurationValue, for key: ConfigurationKey) -> ConfigurationValue {
        guard key.namesFile, case .string(let path) = value, path != StreamSettings.shippedModel else { return value }
        return .string(FilePath.absolute(path, in: folder))
    }

    private mutating func report(_ place: Place, _ reason: ConfigurationProblem.Reason) {
        problems.append(
            ConfigurationProblem(
                source: place.source, line: place.line, key: place.key, reason: isSecret ? reason.hidden : reason))
    }
}
