// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  // A nonisolated async function runs where its caller runs: the order in which
  // requests reach a store is the order in which the wire started them.
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
]

// What runs once, in a command, or is for tests of hosts is made small rather than fast.
let small = settings + [.unsafeFlags(["-Osize"], .when(configuration: .release))]

// The fuzz targets: in an ordinary build a test, which feeds them the cases and the seeds; with TIDINGS_FUZZ
// set (`make fuzz`) a program of libFuzzer's.
let fuzzed: [Target.Dependency] = [
  "API", "JSON", "JSONRPC", "JSONSupport", "MemoryStore", "Runtime", "Seeds",
  .product(name: "Logging", package: "swift-log"),
]
let fuzz: Target =
  Context.environment["TIDINGS_FUZZ"] == nil
  ? .testTarget(
    name: "FuzzTests", dependencies: fuzzed, path: "Tests/Fuzz", exclude: ["Cases", "Driver"],
    swiftSettings: settings)
  : .executableTarget(
    name: "fuzz", dependencies: fuzzed, path: "Tests/Fuzz", exclude: ["Cases", "Tests"],
    swiftSettings: settings)

let package = Package(
  name: "tidings",
  platforms: [.macOS(.v26)],
  products: [
    .executable(name: "tidings", targets: ["tidings"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
  ],
  targets: [
    .target(name: "JSON", swiftSettings: settings),
    // The system's C library, under one name.
    .target(name: "LibC", swiftSettings: settings),
    .target(name: "Locks", dependencies: ["LibC"], swiftSettings: settings),
    // What threads and stores share, whatever it is for.
    .target(name: "Runtime", dependencies: ["CSystem", "LibC", "Locks"], swiftSettings: settings),
    .target(
      name: "JSONRPC",
      dependencies: [
        "JSON", "LibC", "Locks", "Runtime",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    // What Swift does not see of the system.
    .target(name: "CSystem"),
    // Names without which the linker would add Foundation for argument-parser.
    .target(name: "CWithoutFoundation", exclude: ["link"]),
    .target(name: "Transcript", dependencies: ["JSON"], swiftSettings: small),
    .target(name: "Inbox", swiftSettings: settings),
    // What is remembered of logs, above every store.
    .target(name: "Caches", dependencies: ["Inbox", "Locks", "Runtime"], swiftSettings: settings),
    // Exports of stores, and how they come into others.
    .target(name: "Moving", dependencies: ["Inbox", "JSON"], swiftSettings: small),
    .target(name: "MemoryStore", dependencies: ["Inbox", "Locks", "Runtime"], swiftSettings: small),
    // Without pkg-config, which would link the shared library.
    .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
    .target(
      name: "SQLiteStore",
      dependencies: [
        "Caches", "CSQLite", "CSystem", "Inbox", "LibC", "Locks", "Runtime",
        .product(name: "DequeModule", package: "swift-collections"),
      ],
      swiftSettings: settings,
      linkerSettings: [
        // The archive: a program with SQLite in it starts sooner, and runs where there is none.
        .linkedLibrary(":libsqlite3.a", .when(platforms: [.linux])),
        .linkedLibrary("sqlite3", .when(platforms: [.macOS])),
      ]),
    // libmongoc's functions, which are looked for when the first store is made that needs them.
    .target(name: "CMongoC"),
    .target(
      name: "Mongo",
      dependencies: [
        "CMongoC", "LibC", "Locks", "Runtime",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .target(
      name: "MongoStore",
      dependencies: [
        "Caches", "Inbox", "Locks", "Mongo", "Runtime",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    // Messages that other programs kept: their formats, and how they become logs and marks.
    .target(
      name: "Importing",
      dependencies: ["Inbox", "JSON", "LibC", "Mongo", .product(name: "Logging", package: "swift-log")],
      swiftSettings: small),
    .target(
      name: "API",
      dependencies: [
        "Caches", "Inbox", "JSON", "JSONRPC", "Locks", "Runtime",
        .product(name: "DequeModule", package: "swift-collections"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "tidings",
      dependencies: [
        "API", "CSystem", "CWithoutFoundation", "Importing", "Inbox", "JSON", "JSONRPC", "LibC", "Locks",
        "MemoryStore", "MongoStore", "Moving", "Runtime", "SQLiteStore", "Transcript",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings,
      // The libraries of C++ and of the compiler go into the program as well, and nobody links with it. Gold
      // does not follow the linker script that the folder holds.
      linkerSettings: [
        .unsafeFlags(
          [
            "-L", "\(Context.packageDirectory)/Sources/CWithoutFoundation/link",
            "-use-ld=lld", "-Xclang-linker", "-static-libgcc", "-Xlinker", "--no-export-dynamic",
            // Nothing throws what C++ throws.
            "-Xlinker", "--no-eh-frame-hdr",
            // What is the same is there once.
            "-Xlinker", "--icf=safe", "-Xlinker", "-O2",
          ], .when(platforms: [.linux], configuration: .release))
      ]),

    // Random numbers that can be had again.
    .target(name: "Seeds", path: "Tests/Seeds", swiftSettings: settings),
    // What tests of the domain and of several stores share.
    .target(
      name: "InboxSupport", dependencies: ["Inbox"], path: "Tests/InboxSupport", swiftSettings: settings),
    // A second JSON reader, to compare with.
    .target(
      name: "JSONSupport", dependencies: ["JSON"], path: "Tests/JSONSupport", swiftSettings: settings),
    .testTarget(
      name: "JSONTests", dependencies: ["JSON", "JSONSupport", "Seeds"], swiftSettings: settings),
    .testTarget(name: "JSONRPCTests", dependencies: ["JSONRPC", "Locks", "Seeds"], swiftSettings: settings),
    .testTarget(name: "TranscriptTests", dependencies: ["JSON", "Transcript"], swiftSettings: settings),
    .testTarget(
      name: "ImportingTests", dependencies: ["Importing", "Inbox", "MemoryStore", "Seeds"],
      swiftSettings: settings),
    .testTarget(
      name: "APITests",
      dependencies: [
        "API", "Caches", "Inbox", "JSON", "JSONRPC", "Locks", "MemoryStore", "Seeds",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "InboxTests",
      dependencies: ["Caches", "Inbox", "InboxSupport", "Locks", "MemoryStore", "Runtime", "Seeds"],
      swiftSettings: settings),
    .testTarget(name: "MovingTests", dependencies: ["Inbox", "JSON", "Moving"], swiftSettings: settings),
    .testTarget(name: "RuntimeTests", dependencies: ["Locks", "Runtime"], swiftSettings: settings),
    .testTarget(
      name: "CachesTests",
      dependencies: ["Caches", "Inbox", "InboxSupport", "Locks", "MemoryStore", "Runtime", "Seeds"],
      swiftSettings: settings),
    .testTarget(
      name: "StoreContract",
      dependencies: [
        "Inbox", "Locks", "MemoryStore", "MongoStore", "MongoSupport", "Moving", "Runtime", "Seeds",
        "SQLiteStore",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "SQLiteStoreTests",
      dependencies: ["CSQLite", "Inbox", "InboxSupport", "Locks", "Runtime", "Seeds", "SQLiteStore"],
      swiftSettings: settings),
    // Real mongods for every test that needs one.
    .target(
      name: "MongoSupport",
      dependencies: ["CMongoC", "Mongo", .product(name: "Logging", package: "swift-log")],
      path: "Tests/MongoSupport",
      swiftSettings: settings,
      // What only tests call.
      linkerSettings: [.linkedLibrary("mongoc-1.0"), .linkedLibrary("bson-1.0")]),
    .testTarget(
      name: "MongoTests", dependencies: ["Locks", "Mongo", "MongoSupport", "Runtime", "Seeds"],
      swiftSettings: settings),
    .testTarget(
      name: "MongoStoreTests",
      dependencies: [
        "Caches", "Inbox", "InboxSupport", "Locks", "Mongo", "MongoStore", "MongoSupport", "Runtime", "Seeds",
      ],
      swiftSettings: settings),
    fuzz,
  ],
  swiftLanguageModes: [.v6]
)
