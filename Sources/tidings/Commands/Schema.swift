import API
import ArgumentParser
import JSON

/// Prints the contract.
struct Schema: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the contract: every method, its parameters, result and errors, as an OpenRPC document.")

  func run() throws {
    var text = try JSON(parsing: OpenRPCDocument.json).prettyPrinted()
    text.append(UInt8(ascii: "\n"))
    try StandardOutput.write(text)
  }
}
