// swift-tools-version: 6.2

import PackageDescription

/// One sentence for each room, and who may import whom: an entry may depend on entries above it only.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// The programs carry the Swift runtime with them, so that they run on a Debian without Swift. Not under a sanitizer
/// (`make tsan`, `make asan`): it sees what libdispatch and the C library do only where they are libraries.
let selfContained: [LinkerSetting] =
    Context.environment["ANOMALYD_SANITIZER"] != nil
    ? []
    : [
        .unsafeFlags(["-static-stdlib"]),
        // Foundation's own static libraries, in the order in which they need each other.
        .linkedLibrary("CoreFoundation"), .linkedLibrary("_FoundationICU"), .linkedLibrary("_FoundationCShims"),
        .linkedLibrary("_FoundationCollections"), .linkedLibrary("swiftSynchronization"), .linkedLibrary("stdc++"),
    ]

func numerics(_ product: String) -> Target.Dependency { .product(name: product, package: "swift-numerics") }
func nio(_ product: String) -> Target.Dependency { .product(name: product, package: "swift-nio") }
func hummingbird(_ product: String) -> Target.Dependency { .product(name: product, package: "hummingbird") }
func lifecycle(_ product: String) -> Target.Dependency { .product(name: product, package: "swift-service-lifecycle") }
let grdb: [Target.Dependency] = [
    .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
]
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let http: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "anomalyd",
    products: [
        .executable(name: "anomalyd", targets: ["anomalyd"]),
        .executable(name: "anomalyctl", targets: ["anomalyctl"]),
        // For Benchmarks.
        .library(name: "PointStore", targets: ["PointStore", "AnomalyDetection"]),
        .library(name: "RecurrentModel", targets: ["RecurrentModel", "Kernels"]),
        .library(name: "FeedProtocol", targets: ["FeedProtocol"]),
        // For Tests/Fuzz.
        .library(name: "FuzzTargets", targets: ["FuzzTargets"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        // The types of requests and responses, and of their parts, that Hummingbird is made of.
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-numerics", from: "1.1.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        // Without its traits, which only bring another way to configure it.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // The few inner loops of the networks: for wide registers in C, and for every processor in Swift.
        .target(name: "CKernels"),
        .target(name: "Kernels", dependencies: ["CKernels"], swiftSettings: settings),
        // Recurrent networks that learn. No I/O, no clock, no Foundation.
        .target(
            name: "RecurrentModel", dependencies: ["Kernels", numerics("RealModule")], swiftSettings: settings),
        // From a value to a verdict. Pure: the same points give the same bits.
        .target(
            name: "AnomalyDetection", dependencies: ["RecurrentModel", "Kernels", numerics("RealModule")],
            swiftSettings: settings),
        // Networks in safetensors files.
        .target(name: "ModelFiles", dependencies: ["RecurrentModel"], swiftSettings: settings),
        // From bytes to points. Pure.
        .target(name: "FeedProtocol", swiftSettings: settings),
        // Points as bytes, and the virtual table over them: in C, as other programs load it.
        // Linked into our programs, it calls SQLite directly (SQLITE_CORE); make build also makes a library of it that
        // calls the SQLite of whoever loads it.
        .target(
            name: "CPoints", cSettings: [.define("SQLITE_CORE")], linkerSettings: [.linkedLibrary("sqlite3")]),
        // The SQLite file.
        .target(name: "PointStore", dependencies: ["AnomalyDetection", "CPoints"] + grdb, swiftSettings: settings),
        // What the C library says of its allocator.
        .systemLibrary(name: "CMalloc"),
        // libsystemd in Swift clothes.
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .target(name: "Systemd", dependencies: ["CSystemd"], swiftSettings: settings),
        // The TOML file, its layers, defaults and checks. Not called Configuration: swift-configuration, which
        // Hummingbird and async-http-client bring with them, has a module of that name.
        .target(
            name: "AnomalyConfiguration",
            dependencies: ["AnomalyDetection", "PointStore", .product(name: "TOMLKit", package: "TOMLKit")],
            path: "Sources/Configuration", swiftSettings: settings),
        // HTTP over Unix and loopback sockets; knows nothing of us.
        .target(
            name: "WebServer",
            dependencies: [
                hummingbird("Hummingbird"), hummingbird("HummingbirdCore"), nio("NIOCore"), nio("NIOPosix"), log,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            ],
            swiftSettings: settings),
        // What the daemon and anomalyctl say to each other.
        .target(name: "ControlProtocol", swiftSettings: settings),
        // What is stored, for people: in words, in charts, in the looks of our pages.
        .target(
            name: "Presentation",
            dependencies: ["AnomalyDetection", "FeedProtocol", "PointStore", "ControlProtocol"],
            swiftSettings: settings),
        // The live page: what it asks for, in JSON, and its own files.
        .target(
            name: "LivePage",
            dependencies: [
                "AnomalyDetection", "FeedProtocol", "PointStore", "AnomalyConfiguration", "ControlProtocol",
                "Presentation", "WebServer", hummingbird("Hummingbird"), nio("NIOCore"), nio("NIOPosix"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: settings),
        // The stages wired together.
        .target(
            name: "AnomalyDaemon",
            dependencies: [
                "Kernels", "RecurrentModel", "AnomalyDetection", "ModelFiles", "FeedProtocol", "PointStore", "Systemd",
                "AnomalyConfiguration", "ControlProtocol", "WebServer", "LivePage", "CMalloc", nio("NIOCore"),
                nio("NIOPosix"), nio("NIOConcurrencyHelpers"), hummingbird("Hummingbird"), http,
                .product(name: "HTTPTypes", package: "swift-http-types"), log, lifecycle("ServiceLifecycle"),
            ],
            swiftSettings: settings),
        // anomalyctl's commands, apart from the program so that tests can link them.
        .target(
            name: "AnomalyControl",
            dependencies: [
                "RecurrentModel", "AnomalyDetection", "ModelFiles", "FeedProtocol", "PointStore",
                "AnomalyConfiguration",
                "ControlProtocol", "Presentation", arguments,
            ],
            swiftSettings: settings),
        // The programs. No test target depends on them: it would inherit their linker settings.
        .executableTarget(
            name: "anomalyd",
            dependencies: [
                "AnomalyDaemon", "AnomalyConfiguration", "ControlProtocol", "FeedProtocol", "PointStore", "Systemd",
                arguments, log,
                lifecycle("ServiceLifecycle"), lifecycle("UnixSignals"),
            ],
            swiftSettings: settings, linkerSettings: selfContained),
        .executableTarget(
            name: "anomalyctl", dependencies: ["AnomalyControl"], swiftSettings: settings,
            linkerSettings: selfContained),

        .testTarget(name: "KernelsTests", dependencies: ["Kernels", "CKernels"], swiftSettings: settings),
        .testTarget(name: "RecurrentModelTests", dependencies: ["RecurrentModel", "Kernels"], swiftSettings: settings),
        .testTarget(
            name: "ModelFilesTests", dependencies: ["ModelFiles", "RecurrentModel"], swiftSettings: settings),
        .testTarget(
            name: "AnomalyDetectionTests",
            dependencies: ["AnomalyDetection", "RecurrentModel", "Kernels", numerics("RealModule")],
            swiftSettings: settings),
        .testTarget(name: "FeedProtocolTests", dependencies: ["FeedProtocol"], swiftSettings: settings),
        .testTarget(
            name: "PointStoreTests", dependencies: ["PointStore", "AnomalyDetection", "CPoints"] + grdb,
            swiftSettings: settings),
        // For tests only: keeps the descriptors free at which sockets are passed.
        .target(name: "CReservedDescriptors", path: "Tests/Support/CReservedDescriptors"),
        .testTarget(
            name: "SystemdTests", dependencies: ["Systemd", "CReservedDescriptors"], swiftSettings: settings),
        .testTarget(
            name: "ConfigurationTests", dependencies: ["AnomalyConfiguration", "AnomalyDetection"],
            swiftSettings: settings),
        .testTarget(
            name: "AnomalyDaemonTests",
            dependencies: [
                "AnomalyDaemon", "AnomalyDetection", "AnomalyConfiguration", "ControlProtocol", "FeedProtocol",
                "PointStore",
                "RecurrentModel", log,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AnomalyControlTests",
            dependencies: [
                "AnomalyControl", "AnomalyDetection", "AnomalyConfiguration", "ControlProtocol", "FeedProtocol",
                "ModelFiles",
                "PointStore", "Presentation", "RecurrentModel", arguments,
            ],
            exclude: ["Snapshots"], swiftSettings: settings),
        // For tests only: an SQLite VFS whose disk fails on demand.
        .target(
            name: "CFaultVFS", path: "Tests/Support/CFaultVFS", linkerSettings: [.linkedLibrary("sqlite3")]),
        .testTarget(
            name: "FaultTests", dependencies: ["CFaultVFS", "PointStore", "AnomalyDetection"] + grdb,
            swiftSettings: settings),
        .testTarget(
            name: "WebServerTests",
            dependencies: [
                "WebServer", hummingbird("Hummingbird"), .product(name: "HTTPTypes", package: "swift-http-types"),
                nio("NIOPosix"), log,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "LivePageTests",
            dependencies: [
                "LivePage", "AnomalyDetection", "ControlProtocol", "PointStore", "WebServer",
                hummingbird("Hummingbird"), nio("NIOCore"), nio("NIOEmbedded"), log,
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: settings),
        .testTarget(name: "EndToEndTests", swiftSettings: settings),
        // What the fuzzer tries, and the test that gives it the corpus again.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "AnomalyControl", "AnomalyDetection", "AnomalyConfiguration", "ControlProtocol", "CPoints",
                "FeedProtocol",
                "ModelFiles", "Presentation", "RecurrentModel",
            ],
            path: "Tests/FuzzTargets", swiftSettings: settings),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets"], swiftSettings: settings),
    ]
)
