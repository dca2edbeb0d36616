import Foundation
import JSON

/// The parts of a conversation in `Schemas/transcripts` that are useful as seeds.
struct Transcript: Sendable {
  /// The host's input: messages and raw lines.
  var sent: [[UInt8]] = []
  /// The output to the host: answers and patterns of answers.
  var expected: [[UInt8]] = []

  /// All transcripts of a folder.
  static func all(in folder: URL) throws -> [Transcript] {
    try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "jsonl" }
      .sorted { $0.path < $1.path }
      .map { try Transcript(Data(contentsOf: $0)) }
  }

  private init(_ data: Data) throws {
    for line in [UInt8](data).split(separator: 0x0A) {
      let step = try JSON(parsing: Array(line))
      if let message = step["send"] {
        sent.append(message.string.map { Array($0.utf8) } ?? Array(message.raw))
      } else if let answer = step["expect"] ?? step["expect_all"] ?? step["expect_batch"] {
        expected.append(Array(answer.raw))
      }
    }
  }
}
