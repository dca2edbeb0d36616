import ArgumentParser
import Importing
import Logging
import Runtime
import SQLiteStore

/// The options for documents that another program kept.
struct ForeignOptions: ParsableArguments {
  @Option(
    name: .long, help: ArgumentHelp("The collection, if --from is a MongoDB database.", valueName: "name"))
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
    help: ArgumentHelp(
      "What stands for a field that a document lacks; may be repeated.", valueName: "field=value"))
  var defaults: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The zone of dates that name none: Europe/Berlin or +01:00. The default is UTC.", valueName: "zone"))
  var timezone: String?

  @Flag(
    name: .long,
    help:
      "Make one shared message of copies that every known reader of a team has; those readers become members."
  )
  var mergeBroadcasts = false

  /// The kinds of inbox.
  enum InboxKind: String, ExpressibleByArgument, CaseIterable {
    case team, account
  }

  /// How documents with these fields become messages.
  func translation(_ fields: Mapping) throws(CommandError) -> Translation {
    guard let kind else {
      throw CommandError(
        .badParameters, "--kind team or --kind account says which inboxes the documents are of")
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
    let translation = Translation(
      mapping, isOfTeams: kind == .team, zone: try zone(), now: systemTime())
    do {
      try translation.checkDefaults()
    } catch {
      throw CommandError(.badParameters, "--default: \(error)")
    }
    return translation
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
      throw CommandError(
        .badParameters, "--timezone \(name): \(error): a zone is +01:00, or a name in \(folder)")
    }
  }

  /// Whether any of the options is there: then it is no export of Tidings that is read.
  var areGiven: Bool {
    kind != nil || collection != nil || format != nil || timezone != nil || mergeBroadcasts || !maps.isEmpty
      || !defaults.isEmpty
  }

  /// Whether a text is the URI of a database.
  static func isDatabase(_ from: String) -> Bool {
    from.hasPrefix("mongodb://") || from.hasPrefix("mongodb+srv://")
  }

  /// The import from a collection, a file or standard input.
  func work(from: String, skipsBad: Bool, isDry: Bool, _ logger: Logger) throws(CommandError) -> ForeignImport
  {
    // What is wrong with the options is told before anything is opened or read.
    _ = try translation(.plain)
    let (source, fields) = try source(from, logger)
    return ForeignImport(
      source: source, translation: try translation(fields), merges: mergeBroadcasts, skipsBad: skipsBad,
      isDry: isDry)
  }

  private func source(_ from: String, _ logger: Logger) throws(CommandError) -> (
    ForeignImport.Source, Mapping
  ) {
    if Self.isDatabase(from) {
      guard let collection else {
        throw CommandError(.badParameters, "--collection NAME says what is read of the database")
      }
      do {
        return (.collection(try MongoSource(uri: from, collection: collection, logger: logger)), .documents)
      } catch {
        throw CommandError(.configuration, "--from: \(error)")
      }
    }
    guard collection == nil else {
      throw CommandError(.badParameters, "--collection needs the URI of a database for --from")
    }
    let file = try SourceFile(from)
    guard let format = format ?? FormatName(beginning: file.beginning) else { throw file.isEmpty }
    return (.file(file, format), format.mapping)
  }
}

extension FormatName: ExpressibleByArgument {}
