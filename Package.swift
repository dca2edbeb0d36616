// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  // A nonisolated async function runs where its caller runs: the order in which
  // requests reach a store is the order in which the wire started them.
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
  name: "tidings",
  platforms: [.macOS(.v26)],
  products: [
    .executable(name: "tidings", targets: ["tidings"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    .target(name: "JSON", swiftSettings: settings),
    .target(
      name: "JSONRPC",
      dependencies: [
        "JSON",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .target(name: "Inbox", swiftSettings: settings),
    .target(name: "MemoryStore", dependencies: ["Inbox"], swiftSettings: settings),
    .target(
      name: "SQLiteStore",
      dependencies: [
        "Inbox",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
        .product(name: "DequeModule", package: "swift-collections"),
      ],
      swiftSettings: settings),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "API", dependencies: ["CCrypto", "Inbox", "JSON", "JSONRPC"], swiftSettings: settings),
    .executableTarget(
      name: "tidings",
      dependencies: [
        "API", "MemoryStore", "SQLiteStore",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),

    .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: settings),
    .testTarget(name: "JSONRPCTests", dependencies: ["JSONRPC"], swiftSettings: settings),
    .testTarget(name: "APITests", dependencies: ["API", "MemoryStore"], swiftSettings: settings),
    .testTarget(name: "InboxTests", dependencies: ["Inbox", "MemoryStore"], swiftSettings: settings),
    .testTarget(
      name: "StoreContract", dependencies: ["Inbox", "MemoryStore", "SQLiteStore"], swiftSettings: settings),
    .testTarget(
      name: "SQLiteStoreTests",
      dependencies: ["Inbox", "SQLiteStore", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
