import ArgumentParser
import Importing
import Logging
import SQLiteStore

/// The options for documents that another program kept.
struct ForeignOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The collection, if --from is a MongoDB database.", valueName: "name"))
  var collection: String?

  @Option(name: .long, help: "The inboxes that the documents are of.")
  var kind: InboxKind?

  @Option(
    name: .long, help: "The format of a file; by default its first bytes tell it.")
  var format: FormatName?

  @Option(
    name: .customLong("map"),
    help: ArgumentHelp(
      "Fill this field of messages from that one of the documents; may be repeated.",
      discussion: """
        Fields: id, team_id, reader_id, user_id, username, team_name, receiver_id, message_type, content, data, data.MEMBER, \
        create_time, read, seen, archived, deleted. NAME may lead into a document with dots; !NAME is the opposite of a flag.
        """, valueName: "field=name"))
  var maps: [String] = []

  @Option(
    name: .customLong("default"),
    help: ArgumentHelp("What stands for a field that a document lacks; may be repeated.", valueName: "field=value"))
  var defaults: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp("The zone of dates that name none: Europe/Berlin or +01:00. The default is UTC.", valueName: "zone"))
  var timezone: String?

  @Flag(
    name: .long,
    help: "Make one shared message of copies that every known reader of a team has; those readers become members.")
  var mergeBroadcasts = false

  /// The kinds of inbox.
  enum InboxKind: String, ExpressibleByArgument, CaseIterable {
    case team, account
  }

  /// How documents with these fields become messages.
  func translation(_ fields: Mapping) throws(CommandError) -> Translation {
    guard let kind else {
      throw CommandError(.badParameters, "--kind team or --kind account says which inboxes the documents are of")
    }
    var mapping = fields
    do throws(Problem) {
      for text in maps { try mapping.add(text) }
    } catch {
      throw CommandError(.badParameters, "--map: \(error)")
    }
    do throws(Problem) {
      for text in defaults { try mapping.addDefault(text) }
    } catch {
      throw CommandError(.badParameters, "--default: \(error)")
    }
    return Translation(mapping, isOfTeams: kind == .team, zone: try zone())
  }

  private func zone() throws(CommandError) -> Zone {
    guard let name = timezone else { return .utc }
    if let zone = Zone(offset: name) { return zone }
    let folder = Environment.value("TZDIR") ?? "/usr/share/zoneinfo"
    let isName = !name.isEmpty && !name.hasPrefix("/") && !name.split(separator: "/").contains("..")
    do {
      guard isName else { throw Problem("it is no name of a zone") }
      let file = try Descriptor.reading(FilePath(bytes: "\(folder)/\(name)".systemBytes))
      defer { file.close() }
      return .rules(try ZoneRules(try file.readToEnd()))
    } catch {
      throw CommandError(.badParameters, "--timezone \(name): \(error): a zone is +01:00, or a name in \(folder)")
    }
  }
}

extension FormatName: ExpressibleByArgument {}

extension ForeignOptions {
  /// The import from a collection, a file or standard input (`-`). `beginning` is what was already read of a file.
  func work(from: String, beginning: [UInt8] = [], skipsBad: Bool, _ logger: Logger) throws -> ForeignImport {
    let source: ForeignImport.Source
    let fields: Mapping
    if from.hasPrefix("mongodb://") || from.hasPrefix("mongodb+srv://") {
      guard let collection else { throw CommandError(.badParameters, "--collection says which one of the database is read") }
      do {
        source = .collection(try MongoSource(uri: from, collection: collection, logger: logger))
      } catch {
        throw CommandError(.configuration, "--from: \(error)")
      }
      fields = .documents
    } else {
      let file = try opened(from)
      let beginning = beginning.isEmpty ? try file.read(atMost: 4 << 10) : beginning
      guard let format = format ?? FormatName(beginning: beginning) else {
        throw CommandError(.badData, "\(from) is empty")
      }
      source = .file(file, beginning: beginning, format)
      fields = format.mapping
    }
    return ForeignImport(
      source: source, translation: try translation(fields), merges: mergeBroadcasts, skipsBad: skipsBad)
  }

  private func opened(_ path: String) throws(CommandError) -> Descriptor {
    if path == "-" { return .standardInput }
    do {
      return try Descriptor.reading(FilePath(bytes: path.systemBytes))
    } catch {
      throw CommandError(.notFound, "\(path) can't be read: \(error)")
    }
  }
}
