import Glibc
import Systemd
import Testing

@Suite struct SurroundingsTests {
    @Test func theJournalIsKnownByItsDeviceAndInode() async {
        await #expect(processExitsWith: .success) {
            // A pipe stands in for the journal's stream.
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            var journal = stat()
            try #require(fstat(ends[1], &journal) == 0)
            setenv("JOURNAL_STREAM", "\(journal.st_dev):\(journal.st_ino)", 1)
            #expect(!Surroundings.isRunUnderJournal, "standard error is somewhere else")

            let terminal = dup(STDERR_FILENO)
            dup2(ends[1], STDERR_FILENO)
            let isRunUnderJournal = Surroundings.isRunUnderJournal
            dup2(terminal, STDERR_FILENO)
            #expect(isRunUnderJournal)

            setenv("JOURNAL_STREAM", "nonsense", 1)
            #expect(!Surroundings.isRunUnderJournal)
            unsetenv("JOURNAL_STREAM")
            #expect(!Surroundings.isRunUnderJournal)
        }
    }

    @Test func bootedWithSystemdIsAsDocumented() {
        // sd_booted(3) names this very check.
        #expect(Surroundings.isBootedWithSystemd == (access("/run/systemd/system/", F_OK) == 0))
    }
}
