import Foundation

// The entry points for libFuzzer: `-sanitize=fuzzer` links its `main`, which calls them.
//
// `fuzz TARGET [libFuzzer's arguments]` runs one target; `fuzz --seeds TRANSCRIPTS FOLDER` writes a
// dictionary, and the seeds of each target into a folder of its own.

// Set once, before the first input.
nonisolated(unsafe) private var target = FuzzTarget.json

/// Removes the first argument, so that libFuzzer gets only its own.
@_cdecl("LLVMFuzzerInitialize")
public func initializeFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> CInt {
  // There are `count` pointers and a null pointer after them, as in every `main`.
  let words = (1..<max(1, Int(count.pointee))).map { String(cString: arguments.pointee[$0]!) }
  if words.first == "--seeds", words.count == 3 {
    do {
      try writeSeeds(from: URL(filePath: words[1]), to: URL(filePath: words[2]))
    } catch {
      leave("no seeds: \(error)")
    }
    exit(0)
  }
  guard let chosen = FuzzTarget.all.first(where: { $0.name == words.first }) else {
    leave("usage: fuzz \(FuzzTarget.all.map(\.name).joined(separator: "|")) [OPTIONS]")
  }
  target = chosen
  for index in 1..<Int(count.pointee) { arguments.pointee[index] = arguments.pointee[index + 1] }
  count.pointee -= 1
  return 0
}

/// Passes one input to the target; a failed check ends the program, as a trap does.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // libFuzzer's own copy of the input, which is valid during the call.
  let input = Array(UnsafeBufferPointer(start: bytes, count: count))
  do {
    try target.check(input)
  } catch {
    fatalError("\(target.name): \(error)")
  }
  return 0
}

private func writeSeeds(from transcripts: URL, to folder: URL) throws {
  let transcripts = try Transcript.all(in: transcripts)
  for target in FuzzTarget.all {
    let place = folder.appending(path: target.name)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    for (number, seed) in target.seeds(transcripts).enumerated() {
      try Data(seed).write(to: place.appending(path: "seed-\(number)"))
    }
  }
  try Data(FuzzDictionary.text.utf8).write(to: folder.appending(path: "dictionary"))
}

private func leave(_ message: String) -> Never {
  FileHandle.standardError.write(Data((message + "\n").utf8))
  exit(64)
}
