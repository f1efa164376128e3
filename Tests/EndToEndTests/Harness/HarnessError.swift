/// Why a test could not go on: the harness says what it waited for, or what the operating system refused.
struct HarnessError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
