import API
import ArgumentParser
import JSON

/// Prints the contract.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the contract as an OpenRPC document: every method, its parameters, result and errors.")

  func run() throws {
    var text = try JSON(parsing: OpenRPCDocument.json).prettyPrinted()
    text.append(UInt8(ascii: "\n"))
    try StandardOutput.write(text)
  }
}
