import CSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A thread of its own, for calls that block: these never run on the pool that Swift's tasks share.
public struct Thread: Sendable {
  private let handle: Handle

  #if canImport(Darwin)
    // Unchecked: an opaque address, which the system's calls take on any thread.
    private struct Handle: @unchecked Sendable { let value: pthread_t }
  #else
    private struct Handle: Sendable { let value: pthread_t }
  #endif

  /// Starts a thread; nil if the system has none to give. The name is what debuggers and `top` show, cut at 15
  /// bytes by Linux.
  public init?(_ name: StaticString, _ body: @escaping @Sendable () -> Void) {
    let start = Unmanaged.passRetained(ThreadStart(name, body))
    #if canImport(Darwin)
      var handle: pthread_t?
      let status = pthread_create(&handle, nil, { run($0) }, start.toOpaque())
      guard status == 0, let handle else {
        start.release()
        return nil
      }
      self.handle = Handle(value: handle)
    #else
      var handle = pthread_t()
      let status = pthread_create(&handle, nil, { run($0!) }, start.toOpaque())
      guard status == 0 else {
        start.release()
        return nil
      }
      self.handle = Handle(value: handle)
    #endif
  }

  /// Starts a thread that ends by itself; false if the system has none to give.
  public static func start(_ name: StaticString, _ body: @escaping @Sendable () -> Void) -> Bool {
    guard let thread = Thread(name, body) else { return false }
    thread.detach()
    return true
  }

  /// Waits until the thread has ended. To be called once.
  public func join() { pthread_join(handle.value, nil) }

  /// Lets the thread end by itself. To be called instead of `join`.
  public func detach() { pthread_detach(handle.value) }

  /// A number that no other living thread has; never 0.
  @inlinable
  public static var currentID: UInt {
    #if canImport(Darwin)
      UInt(bitPattern: pthread_self())
    #else
      UInt(pthread_self())
    #endif
  }
}

private final class ThreadStart: Sendable {
  let name: StaticString
  let body: @Sendable () -> Void

  init(_ name: StaticString, _ body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}

private func run(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  // Balances `passRetained` at the start: exactly one thread gets this pointer.
  let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
  // A literal, which ends with 0.
  UnsafeRawPointer(start.name.utf8Start).withMemoryRebound(to: CChar.self, capacity: 1) {
    tidings_name_thread($0)
  }
  start.body()
  return nil
}
