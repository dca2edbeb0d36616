import Inbox
import Runtime

/// A read that needs no task: its body runs where what it lacked was brought, together with the others of the group.
struct GatheredRead<Value: Sendable>: Sendable {
  let gatherer: Gatherer
  let body: @Sendable (any StoreReader) throws -> Value
  /// Until the first answer the read may be taken back.
  let work: QueuedWork
  let done: @Sendable (Result<Value, any Error>) -> Void

  private static var roundsAtMost: Int { 4 }

  /// Runs the body with what is known, and again once what it lacked was brought. What can't be read together with
  /// others ends with `NeedsTask`.
  func run(_ known: Known, round: Int = 1) {
    do {
      end(.success(try body(MongoReader(known))))
    } catch let missing as Missing {
      guard let want = missing.want, round <= Self.roundsAtMost else { return end(.failure(NeedsTask())) }
      bring(want, known, round)
    } catch {
      end(.failure(error is StaleView || error is Crowded ? NeedsTask() : error))
    }
  }

  private func bring(_ want: Want, _ known: Known, _ round: Int) {
    gatherer.bring(
      Ask(want: want, work: work) { brought in
        do {
          let (answer, past) = try brought.get()
          var known = known
          guard try known.add(answer, for: want, of: past) else { throw NeedsTask() }
          run(known, round: round + 1)
        } catch {
          end(.failure(error is StaleView ? NeedsTask() : error))
        }
      })
  }

  /// Ends the read, unless it was taken back.
  private func end(_ result: Result<Value, any Error>) {
    if work.begin() { done(result) }
  }
}
