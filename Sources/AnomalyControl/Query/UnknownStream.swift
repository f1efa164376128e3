import AnomalyConfiguration
import PointStore
import Presentation

extension [StreamRecord] {
    /// The stream of that name.
    ///
    /// - Throws: `Failure` with the status `unknownStream`, and the name that may have been meant.
    func named(_ name: String) throws(Failure) -> StreamRecord {
        guard let stream = first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { throw unknown(name) }
        return stream
    }

    /// That there is no stream of a name, with the name that may have been meant.
    func unknown(_ name: String, _ hint: String = "to see the names, try: anomalyctl streams") -> Failure {
        let near = Suggestion.nearest(to: name, among: map(\.name)).map {
            "did you mean \"\(TextWidth.harmless($0))\"? "
        }
        return Failure(.unknownStream, "there is no stream \"\(name)\"", hint: (near ?? "") + hint)
    }
}
