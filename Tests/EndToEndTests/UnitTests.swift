import Foundation
import Testing

/// The unit files as `make install` puts them in place.
@Suite(.enabled(if: access("/usr/bin/systemd-analyze", X_OK) == 0, "systemd-analyze is not installed"))
struct UnitTests {
    @Test func systemdAcceptsTheInstalledUnits() throws {
        let folder = try TemporaryFolder()
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized.path
        let install = try ChildProcess(
            ["make", "--silent", "-C", root, "install", "PREFIX=\(folder("usr"))", "SYSCONFDIR=\(folder("etc"))"],
            in: folder)
        #expect(try install.wait(within: .seconds(60)) == .code(0), "\(install.errors)")
        let units = ["anomalyd.service", "anomalyd.socket"].map { folder("usr/lib/systemd/system/\($0)") }
        let verify = try ChildProcess(["systemd-analyze", "verify"] + units, in: folder)
        #expect(try verify.wait(within: .seconds(60)) == .code(0))
        let complaints = verify.errors.split(separator: "\n").filter { $0.contains("anomalyd") }
        #expect(complaints.isEmpty, "\(verify.errors)")
        let settings = try String(contentsOfFile: folder("etc/anomalyd/anomalyd.toml"), encoding: .utf8)
        #expect(settings.contains("[model]"))
    }
}
