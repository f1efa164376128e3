// swift-tools-version: 6.2

import PackageDescription

// A package of its own, as it links libFuzzer, which only a build with coverage can use: see `run`. The targets lie in
// the main package, where they see what is `package`, and where a test gives them the corpus again.
let package = Package(
    name: "anomalyd-fuzz",
    products: [.executable(name: "fuzz", targets: ["fuzz"])],
    dependencies: [.package(name: "anomalyd", path: "../..")],
    targets: [
        .target(name: "CLibFuzzer"),
        .executableTarget(
            name: "fuzz", dependencies: ["CLibFuzzer", .product(name: "FuzzTargets", package: "anomalyd")],
            swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("InternalImportsByDefault")],
            linkerSettings: [.linkedLibrary("stdc++")]),
    ]
)
