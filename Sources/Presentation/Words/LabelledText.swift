/// A text under a word that says what it tells, such as "Began".
package struct LabelledText: Sendable, Equatable {
    package var label: String
    package var text: String

    package init(_ label: String, _ text: String) {
        self.label = label
        self.text = text
    }
}

extension [LabelledText] {
    mutating func add(_ label: String, _ text: String) { append(LabelledText(label, text)) }
}
