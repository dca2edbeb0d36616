/// Marks as a store holds them, decoded as far as that goes.
public struct StoredMarks: Hashable, Sendable {
  /// The version; nil if there is no possible one.
  public var version: Int?
  /// The largest version that is believed: it can be raised for as long as anybody cares.
  public static let largestVersion = StoreBounds.largestNumber / 2
  /// The stamp; nil if there is no possible one.
  public var stamp: UInt64?
  /// The bytes; nil if they are none.
  public var body: [UInt8]?

  /// Creates marks.
  public init(version: Int?, stamp: UInt64?, body: [UInt8]?) {
    (self.version, self.stamp, self.body) = (version, stamp, body)
  }
}

extension Marks {
  /// Reads marks that may be damaged: returns what is wrong with them, and the marks that a store should write instead.
  /// The heads are those of both logs; nil for one that can't be read.
  public static func examined(
    _ stored: StoredMarks, shared: Int?, own: Int?
  ) -> (faults: [FaultKind], marks: Marks) {
    var faults: [FaultKind] = []
    var marks = Marks()
    do {
      marks = try Marks(version: stored.version ?? 0, stamp: stored.stamp ?? 0, encoded: stored.body ?? [])
    } catch is NewerVersion {
      return ([.newer], Marks())
    } catch {
      faults.append(.marks)
      marks = salvaged(stored.body ?? [])
    }
    if stored.version == nil { faults.append(.marksVersion) }
    if stored.stamp == nil { faults.append(.marksStamp) }
    let clipped = marks.clipped(shared: shared ?? .max - 1, own: own ?? .max - 1)
    if clipped != marks, faults.isEmpty { faults.append(.marksRange) }
    marks = clipped
    if !faults.isEmpty {
      marks.version = (stored.version ?? 0) + 1
      marks.stamp = .random(in: 0 ... .max)
    }
    return (faults, marks)
  }

  /// The marks without what lies beyond the heads.
  private func clipped(shared: Int, own: Int) -> Marks {
    var marks = self
    marks.shared.clip(through: shared)
    marks.own.clip(through: own)
    marks.membership = membership.clipped(through: shared)
    return marks
  }
}

extension LogMarks {
  fileprivate mutating func clip(through head: Int) {
    read = read.intersection(1, through: head)
    seen = seen.intersection(1, through: head)
    archived = archived.intersection(1, through: head)
    deleted = deleted.intersection(1, through: head)
    folded = min(folded, head)
  }
}

extension Membership {
  /// The ranges without what lies beyond the head; a member sees what comes after it.
  fileprivate func clipped(through head: Int) -> Membership {
    guard standing != .none else { return self }
    return Membership(
      standing: standing, closed: closed.intersection(1, through: head),
      since: standing == .member ? min(max(since, 1), head + 1) : 0)
  }
}
