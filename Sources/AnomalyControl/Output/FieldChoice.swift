/// Some of the fields of records, in an order of one's own.
package struct FieldChoice: Sendable {
    /// The schema without the other columns.
    package let schema: Schema
    private let indices: [Int]

    /// - Parameters:
    ///   - keys: the fields to keep; all of them if there is none.
    ///   - needed: fields that are kept whether or not they are asked for.
    /// - Throws: `Failure` with the status `usage` for a key that the schema has not.
    package init(_ keys: [String], of schema: Schema, needed: [String]) throws(Failure) {
        let known = schema.columns.map(\.key)
        for key in keys where !known.contains(key) {
            throw Failure(
                .usage, "there is no field \"\(key)\", expected some of: \(known.joined(separator: ", "))",
                hint: "for example: --output-fields stream,time,value")
        }
        guard !keys.isEmpty else {
            indices = Array(schema.columns.indices)
            self.schema = schema
            return
        }
        let wanted = needed.filter { !keys.contains($0) } + keys
        indices = wanted.compactMap { known.firstIndex(of: $0) }
        var chosen = schema
        chosen.columns = indices.map { schema.columns[$0] }
        // The order is the one that was asked for.
        chosen.tableLead = nil
        self.schema = chosen
    }

    package func record(_ record: Record) -> Record {
        Record(fields: indices.map { record.fields[$0] }, note: record.note)
    }
}
