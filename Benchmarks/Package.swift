// swift-tools-version: 6.2

import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

// A package of its own: who builds the daemon needs nothing of this. It sees of the daemon what every client sees, but
// for model-speed and decoder-speed, which measure the networks and the decoders themselves, and store-fill.
let package = Package(
    name: "anomalyd-benchmarks",
    products: [
        .executable(name: "feed-load", targets: ["feed-load"]),
        .executable(name: "feed-discard", targets: ["feed-discard"]),
        .executable(name: "sqlite-append", targets: ["sqlite-append"]),
        .executable(name: "model-speed", targets: ["model-speed"]),
        .executable(name: "decoder-speed", targets: ["decoder-speed"]),
        .executable(name: "store-fill", targets: ["store-fill"]),
    ],
    dependencies: [.package(name: "anomalyd", path: "..")],
    targets: [
        // The series, the command line and the clocks that the programs share.
        .target(name: "BenchmarkSupport", swiftSettings: settings),
        // Sends the series to a feed socket.
        .executableTarget(name: "feed-load", dependencies: ["BenchmarkSupport"], swiftSettings: settings),
        // Takes a feed and throws it away: what the generator could do at most.
        .executableTarget(name: "feed-discard", dependencies: ["BenchmarkSupport"], swiftSettings: settings),
        // The rows that the daemon stores, appended to SQLite by a bare loop.
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .executableTarget(
            name: "sqlite-append", dependencies: ["BenchmarkSupport", "CSQLite"], swiftSettings: settings),
        // The networks alone, beside the peak of the core.
        .target(name: "CPeak"),
        .executableTarget(
            name: "model-speed",
            dependencies: ["BenchmarkSupport", "CPeak", .product(name: "RecurrentModel", package: "anomalyd")],
            swiftSettings: settings),
        // A large store, made without the daemon.
        .executableTarget(
            name: "store-fill",
            dependencies: ["BenchmarkSupport", .product(name: "PointStore", package: "anomalyd")],
            swiftSettings: settings),
        // The decoders of all formats alone.
        .executableTarget(
            name: "decoder-speed",
            dependencies: ["BenchmarkSupport", .product(name: "FeedProtocol", package: "anomalyd")],
            swiftSettings: settings),
    ]
)
