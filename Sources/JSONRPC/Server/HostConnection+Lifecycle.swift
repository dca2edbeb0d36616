import JSON
import Logging
import Synchronization

/// The methods of the wire: those of the Language Server Protocol's lifecycle, cancellation and tracing.
extension HostConnection {
  /// Serves a method of the wire, and refuses every other request after `shutdown`; false if the method
  /// belongs to the service.
  func handle(wireMethod method: JSON, params: JSON?, id: RequestID?, batch: Int?) -> Bool {
    let raw = method.raw
    // The first letter alone spares most methods the comparisons.
    switch raw[raw.startIndex + 1] {
    case UInt8(ascii: "$") where id == nil:
      notification(method, params)
      return true
    case UInt8(ascii: "e") where id == nil && method.equals("exit"):
      stopReading(.exit)
      return true
    case UInt8(ascii: "i") where id == nil && method.equals("initialized"): return true
    case UInt8(ascii: "i"), UInt8(ascii: "s"):
      guard let id, !hasShutDown else { break }
      if method.equals("initialize") {
        reply(result: initializeResult, id: id, batch: batch)
        return true
      }
      if method.equals("shutdown") {
        isShutDown.store(true, ordering: .releasing)
        reply(result: Array("null".utf8), id: id, batch: batch)
        return true
      }
    default: break
    }
    guard hasShutDown else { return false }
    if let id { reply(error: .shuttingDown(), id: id, batch: batch) }
    return true
  }

  private var hasShutDown: Bool { isShutDown.load(ordering: .acquiring) }

  private var initializeResult: [UInt8] {
    JSONWriter.object { writer in
      writer.key("capabilities")
      writer.beginObject()
      writer.endObject()
      writer.key("serverInfo")
      writer.beginObject()
      writer.member("name", info.name)
      writer.member("version", info.version)
      writer.endObject()
    }
  }

  /// Handles a `$/` notification; an unknown one is ignored, as the Language Server Protocol asks.
  private func notification(_ method: JSON, _ params: JSON?) {
    if method.equals("$/cancelRequest") {
      guard let given = params?["id"], let id = RequestID(given) else { return }
      // An unknown id belongs to a request that was already answered, or that never came.
      if let call = state.withLock({ $0.inFlight[id] }) { cancel(call, .cancelled) }
    } else if method.equals("$/setTrace") {
      guard let value = params?["value"], value.kind == .string else { return }
      isTraced.store(!value.equals("off"), ordering: .relaxed)
    }
  }

  // MARK: Logging

  /// Logs one line for a call: id, method, duration and outcome, never a parameter. Costs nothing while
  /// logging is off.
  func log(_ id: RequestID?, _ methodIndex: Int, duration: UInt64, failure: RPCError?) {
    let isTraced = isTraced.load(ordering: .relaxed)
    guard logsCalls || isTraced else { return }
    var logger = logger
    if isTraced { logger.logLevel = min(logger.logLevel, .debug) }
    logger.debug(
      "answered",
      metadata: [
        "id": "\(text(of: id))", "method": "\(methods[methodIndex])",
        "us": "\(duration / 1_000)", "outcome": "\(failure?.kind.name ?? "result")",
      ])
  }

  /// The text of an id for the log, cut at 64 bytes.
  func text(of id: RequestID?) -> String {
    guard let id, !id.isNotification else { return "-" }
    return String(decoding: id.raw.prefix(64), as: UTF8.self)
  }
}
