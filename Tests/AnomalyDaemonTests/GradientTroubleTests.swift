import AnomalyDaemon
import RecurrentModel
import Testing

@Suite struct GradientTroubleTests {
    private static let long = GradientTrouble.patience

    /// Looks, as (judgement, updates), and which of them called for a message.
    private func messages(_ looks: [(GradientHealth.Judgement, Int64)]) -> [Int] {
        var trouble = GradientTrouble()
        return looks.indices.filter { trouble.look(looks[$0].0, updates: looks[$0].1) }
    }

    @Test(arguments: [GradientHealth.Judgement.vanishing, .exploding])
    func longTroubleIsToldOnce(judgement: GradientHealth.Judgement) {
        #expect(
            messages([
                (.unknown, 0), (judgement, 5), (judgement, 4 + Self.long), (judgement, 5 + Self.long),
                (judgement, 9 * Self.long), (.healthy, 9 * Self.long + 1), (judgement, 10 * Self.long),
                (judgement, 11 * Self.long),
            ]) == [3, 7])
    }

    @Test func shortTroubleIsNot() {
        #expect(
            messages([
                (.vanishing, 0), (.healthy, Self.long / 2), (.vanishing, Self.long), (.exploding, 2 * Self.long - 1),
                (.vanishing, 3 * Self.long - 2), (.vanishing, 4 * Self.long - 3),
            ]) == [])
    }

    /// A stream without new points has no new updates.
    @Test func timeAloneIsNoTrouble() {
        #expect(messages(Array(repeating: (.exploding, 7), count: 1000)) == [])
        #expect(messages([(.healthy, 0), (.healthy, 9 * Self.long)]) == [])
        #expect(messages([(.unknown, 0), (.unknown, 9 * Self.long)]) == [])
    }
}
