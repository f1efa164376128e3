import AnomalyConfiguration
import Foundation

/// Who may do something: those users and the members of those groups; if there are none, everybody who can connect.
///
/// root and the daemon's own user always may, as they could stop the daemon and read or write its files anyway.
struct AccessList: Sendable {
    private let users: Set<UInt32>
    private let groups: Set<UInt32>
    private let isForAll: Bool

    /// - Parameters: accounts that the machine knows: the configuration refuses others.
    init(users: [Account], groups: [Account]) {
        isForAll = users.isEmpty && groups.isEmpty
        self.users = Set(users.compactMap(\.id)).union([0, geteuid()])
        self.groups = Set(groups.compactMap(\.id))
    }

    func admits(_ peer: Peer) -> Bool {
        if isForAll { return true }
        guard let uid = peer.uid else { return false }
        return users.contains(uid) || peer.groups.contains { groups.contains($0) }
    }
}
