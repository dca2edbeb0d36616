import Foundation

/// Free ports on loopback.
enum LoopbackPort {
  /// A free port that the system gives to nobody by itself: neither to a connection, while a killed server is
  /// away, nor to who asks for any port.
  static func free() throws -> UInt16 {
    for _ in 0..<100 {
      let port = UInt16.random(in: 10_000..<32_768)
      if isFree(port) { return port }
    }
    throw TestMongod.Failure(description: "no free loopback port")
  }

  private static func isFree(_ port: UInt16) -> Bool {
    #if canImport(Darwin)
      let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #else
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #endif
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafeMutablePointer(to: &address) {
      // The socket calls take the header that all addresses have in common.
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
