import Foundation

/// What people call a user.
package enum UserName {
    /// The name of the user with this number, or else the number.
    package static func of(_ user: UInt32) -> String {
        guard let entry = getpwuid(user), let name = entry.pointee.pw_name else { return "uid \(user)" }
        return String(cString: name)
    }
}
