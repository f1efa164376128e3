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
        let units = [
            "anomalyd.service", "anomalyd.socket", "anomalyd-control.socket", "anomalyd@web.service",
            "anomalyd@web.socket", "anomalyd-control@web.socket",
        ].map { folder("usr/lib/systemd/system/\($0)") }
        // Templates are verified by one of their instances.
        for unit in units where unit.contains("@") {
            try FileManager.default.createSymbolicLink(
                atPath: unit, withDestinationPath: unit.replacing("@web", with: "@"))
        }
        let verify = try ChildProcess(["systemd-analyze", "verify"] + units, in: folder)
        #expect(try verify.wait(within: .seconds(60)) == .code(0))
        let complaints = verify.errors.split(separator: "\n").filter { $0.contains("anomalyd") }
        #expect(complaints.isEmpty, "\(verify.errors)")
        let settings = try String(contentsOfFile: folder("etc/anomalyd/anomalyd.toml"), encoding: .utf8)
        #expect(settings.contains("[model]"))
    }

    /// An instance is the daemon without a name, but for what makes it one: a setting that the one gets, the other has.
    @Test func instancesDifferOnlyWhereTheyMust() throws {
        let folder = try TemporaryFolder()
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../systemd").standardized
        func settings(_ unit: String) throws -> [String] {
            let sed = try ChildProcess(
                ["sed"] + (unit.contains("@") ? ["-f", root.path + "/instance.sed"] : ["-n", "p"])
                    + [root.path + "/" + unit.replacing("@", with: "")], in: folder)
            #expect(try sed.wait() == .code(0), "\(sed.errors)")
            return sed.output.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
        }
        func names(_ unit: String, but other: String) throws -> Set<Substring> {
            let others = try settings(other)
            return Set(try settings(unit).filter { !others.contains($0) }.map { $0.prefix { $0 != "=" } })
        }
        let units = try FileManager.default.contentsOfDirectory(atPath: root.path)
            .filter { $0.hasSuffix(".service") || $0.hasSuffix(".socket") }
        #expect(units.contains("anomalyd.service") && units.contains("anomalyd.socket"))
        // What names a unit, a folder of its own, or keeps it out of others'.
        let own: Set<Substring> = [
            "Description", "Wants", "Requires", "PartOf", "Before", "After", "Also", "Sockets", "Service", "ExecStart",
            "StateDirectory", "RuntimeDirectory", "ListenStream", "ListenDatagram", "InaccessiblePaths",
        ]
        let kept: Set<Substring> = ["TemporaryFileSystem", "BindPaths"]
        for unit in units {
            let template = unit.replacing(".", with: "@.")
            #expect(try names(unit, but: template).isSubset(of: own), "\(unit)")
            let differing = try names(template, but: unit)
            #expect(differing.isSubset(of: unit.hasSuffix(".service") ? own.union(kept) : own), "\(unit)")
            #expect(differing.contains("Description"))
            // Nothing of the daemon without a name is left.
            for line in try settings(template) where line.hasPrefix("Listen") || line.hasPrefix("Exec") {
                #expect(line.contains("%i") || line.contains("$MAINPID"), "\(line)")
            }
        }
        let service = try settings("anomalyd@.service")
        for line in [
            "ExecStart=/usr/bin/anomalyd --instance %i", "StateDirectory=anomalyd-instances/%i",
            "RuntimeDirectory=anomalyd-instances/%i", "InaccessiblePaths=-/var/lib/anomalyd -/run/anomalyd",
            "BindPaths=/var/lib/anomalyd-instances/%i /run/anomalyd-instances/%i",
            "TemporaryFileSystem=/var/lib/anomalyd-instances:ro /run/anomalyd-instances:ro",
        ] {
            #expect(service.contains(line))
        }
        #expect(try settings("anomalyd@.socket").contains("ListenStream=/run/anomalyd-instances/%i/feed.sock"))
    }
}
