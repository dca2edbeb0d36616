import Foundation
import Synchronization

/// A port on loopback that forwards every byte to another port, and back, with a delay: it simulates a server
/// that is farther away.
///
/// Each connection has a thread for each direction, which end with it.
public final class DelayingProxy: Sendable {
  /// The port to connect to.
  public let port: UInt16
  private let listener: Int32
  private let target: UInt16
  private let delay: Duration

  /// Starts the proxy; `delay` is the delay in one direction.
  public init(to target: UInt16, delay: Duration) throws {
    self.target = target
    self.delay = delay
    let port = try LoopbackPort.free()
    self.port = port
    let listener = Self.socket()
    self.listener = listener
    var on: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    guard Self.withAddress(port, { bind(listener, $0, $1) }) == 0, listen(listener, 64) == 0 else {
      throw TestMongod.Failure(description: "no listening socket: errno \(errno)")
    }
    Thread { [self] in accept() }.start()
  }

  /// Accepts no more connections.
  public func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
  }

  private func accept() {
    while true {
      let client = Foundation.accept(listener, nil, nil)
      guard client >= 0 else {
        close(listener)
        return
      }
      let server = Self.socket()
      guard Self.withAddress(target, { connect(server, $0, $1) }) == 0 else {
        close(client)
        close(server)
        continue
      }
      pump(from: client, to: server)
      pump(from: server, to: client)
    }
  }

  private struct Pending {
    var chunks: [(due: ContinuousClock.Instant, bytes: [UInt8])] = []
    var isOver = false
  }

  /// Reads at once and writes later, so that the delay costs no throughput. The descriptors stay open until
  /// the process ends: a test has few.
  private func pump(from source: Int32, to sink: Int32) {
    let pending = Mutexed(Pending())
    let delay = delay
    Thread {
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while true {
        let count = read(source, &buffer, buffer.count)
        let bytes = count > 0 ? Array(buffer[..<count]) : []
        pending.update { state in
          if count > 0 { state.chunks.append((.now + delay, bytes)) } else { state.isOver = true }
        }
        if count <= 0 { return }
      }
    }.start()
    Thread {
      while let chunk = pending.wait({ state -> (due: ContinuousClock.Instant, bytes: [UInt8])?? in
        if !state.chunks.isEmpty { return .some(state.chunks.removeFirst()) }
        return state.isOver ? .some(nil) : nil
      }) {
        let left = chunk.due - .now
        if left > .zero { Thread.sleep(forTimeInterval: left / .seconds(1)) }
        var sent = 0
        while sent < chunk.bytes.count {
          let count = chunk.bytes[sent...].withUnsafeBytes { Self.send(sink, $0) }
          guard count > 0 else { return }
          sent += count
        }
      }
      shutdown(sink, Int32(SHUT_WR))
    }.start()
  }

  /// Writes without the signal that a closed connection would send to this process.
  private static func send(_ socket: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Darwin)
      return Foundation.send(socket, bytes.baseAddress, bytes.count, 0)
    #else
      return Foundation.send(socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
    #endif
  }

  private static func socket() -> Int32 {
    #if canImport(Darwin)
      return Foundation.socket(AF_INET, SOCK_STREAM, 0)
    #else
      return Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #endif
  }

  private static func withAddress(
    _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) {
      // The socket calls take the header that all addresses have in common.
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}

/// A value that threads share and wait for.
///
/// Unchecked: the value is touched only while the condition is locked.
private final class Mutexed<State>: @unchecked Sendable {
  private let condition = NSCondition()
  private var state: State

  init(_ state: State) {
    self.state = state
  }

  func update(_ body: (inout State) -> Void) {
    condition.lock()
    defer { condition.unlock() }
    body(&state)
    condition.signal()
  }

  func wait<R>(_ body: (inout State) -> R?) -> R {
    condition.lock()
    defer { condition.unlock() }
    while true {
      if let result = body(&state) { return result }
      condition.wait()
    }
  }
}
