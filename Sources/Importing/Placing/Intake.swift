import Inbox

/// Takes in the documents of a source, whatever their order, and tells what is wrong with each.
public final class Intake {
  private let translation: Translation
  private let sorter: Sorter
  private let onProblem: (Place, Problem) -> Void
  /// What came of the documents so far.
  public private(set) var report = Report()

  /// Creates an intake. `memory` bounds the bytes that are kept; what is more lies in a file without a name in `folder`.
  public init(
    _ translation: Translation, memory: Int = 16 << 20, folder: String,
    onProblem: @escaping (Place, Problem) -> Void
  ) {
    self.translation = translation
    self.onProblem = onProblem
    sorter = Sorter(memory: memory, folder: folder)
    (self.memory, self.folder) = (memory, folder)
  }

  private let memory: Int
  private let folder: String

  /// Takes a document: what it has, or why it can't be read. `place` is where it lies, for one without an id.
  public func take(_ values: Result<SourceValues, Problem>, at place: @autoclosure () -> Place) throws {
    report.documents += 1
    let copy: Copy
    switch values {
    case .failure(let problem):
      refuse(place(), problem)
      return
    case .success(let values):
      report.note(values.others)
      do throws(Problem) {
        copy = try translation.copy(values, position: report.documents)
      } catch {
        refuse(translation.id(values).map { .id($0) } ?? place(), error)
        return
      }
    }
    try sorter.add(key: CopyRecord.key(copy), value: CopyRecord.value(copy.flags, copy.body))
  }

  /// Counts a document that can't be a message.
  private func refuse(_ place: Place, _ problem: Problem) {
    report.bad += 1
    onProblem(place, problem)
  }

  /// Ends the taking, and returns all copies as they are to be restored; with `merges`, those that every reader of a team
  /// has as one message of the team. The intake is empty then.
  public func placement(merges: Bool) throws -> any Placement {
    let copies = try sorter.sorted()
    return try merges
      ? MergedPlacement(copies, report, memory: memory, folder: folder) : OwnPlacement(copies, report)
  }
}

/// Copies that were numbered, to be restored by the portion, in this order.
public protocol Placement: AnyObject {
  /// The next portion, of some thousand messages at most; nil at the end.
  func next() throws -> [Restored]?
  /// What came of everything so far.
  var report: Report { get }
}
