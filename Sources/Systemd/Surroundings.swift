import CSystemd
import Glibc

/// Where this process runs.
public enum Surroundings {
    /// Whether systemd is this machine's init (sd_booted(3)).
    public static var isBootedWithSystemd: Bool { sd_booted() > 0 }

    /// Whether standard error is a stream of the journal's, so that lines need no time of their own and can carry a
    /// priority. `$JOURNAL_STREAM` alone would not say so: it is inherited by children whose standard error has been
    /// redirected, hence the comparison with the descriptor itself (systemd.exec(5), "$JOURNAL_STREAM").
    public static var isRunUnderJournal: Bool {
        guard let stream = environment("JOURNAL_STREAM") else { return false }
        var status = stat()
        guard fstat(STDERR_FILENO, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }

    /// From now on, other processes of this user can't look through `/proc` into this one's memory, open files and view
    /// of the file system (proc(5), "/proc/pid/root"), which would undo what its unit hides from theirs. The price: no
    /// core dump, and no debugger but root's.
    public static func hideFromOwnUser() { _ = anomalyd_set_undumpable() }
}
