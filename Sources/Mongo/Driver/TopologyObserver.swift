import CMongoC

/// Receives what libmongoc's monitoring threads find out about the servers.
final class TopologyObserver: Sendable {
  /// Receives whether there is a primary, and the election that made it one in a replica set.
  private let changed: @Sendable (_ hasPrimary: Bool, _ election: String?) -> Void
  /// Receives the error of a heartbeat.
  private let failed: @Sendable (MongoError) -> Void

  init(
    changed: @escaping @Sendable (_ hasPrimary: Bool, _ election: String?) -> Void,
    failed: @escaping @Sendable (MongoError) -> Void
  ) {
    self.changed = changed
    self.failed = failed
  }

  /// Observes the servers of a pool that has no client yet. The observer must outlive the pool.
  func observe(_ pool: OpaquePointer) {
    let callbacks = mongoc_apm_callbacks_new()
    defer { mongoc_apm_callbacks_destroy(callbacks) }
    mongoc_apm_set_topology_changed_cb(callbacks, topologyChanged)
    mongoc_apm_set_server_heartbeat_failed_cb(callbacks, heartbeatFailed)
    mongoc_client_pool_set_apm_callbacks(pool, callbacks, Unmanaged.passUnretained(self).toOpaque())
  }

  fileprivate static func of(_ context: UnsafeMutableRawPointer?) -> TopologyObserver? {
    context.map { Unmanaged<TopologyObserver>.fromOpaque($0).takeUnretainedValue() }
  }

  fileprivate func change(_ primary: Primary) { changed(primary.exists, primary.election) }

  fileprivate func fail(_ error: MongoError) { failed(error) }
}

/// Called by libmongoc with its topology locked: only the description in the event may be looked at.
private func topologyChanged(_ event: OpaquePointer?) {
  let description = mongoc_apm_topology_changed_get_new_description(event)
  TopologyObserver.of(mongoc_apm_topology_changed_get_context(event))?.change(Primary(description))
}

private func heartbeatFailed(_ event: OpaquePointer?) {
  var error = bson_error_t()
  mongoc_apm_server_heartbeat_failed_get_error(event, &error)
  TopologyObserver.of(mongoc_apm_server_heartbeat_failed_get_context(event))?
    .fail(MongoError(error, .read, reply: nil))
}

/// The server that accepts writes, according to a topology description.
private struct Primary {
  var exists = false
  /// The election that made it the primary of a replica set.
  var election: String?

  init(_ description: OpaquePointer?) {
    guard mongoc_topology_description_has_writable_server(description) else { return }
    var count = 0
    let servers = mongoc_topology_description_get_servers(description, &count)
    defer { mongoc_server_descriptions_destroy_all(servers, count) }
    for index in 0..<count {
      guard let server = servers?[index], let type = mongoc_server_description_type(server) else { continue }
      switch String(cString: type) {
      case "RSPrimary":
        exists = true
        election = Self.election(server)
      case "Standalone", "Mongos", "LoadBalancer":
        exists = true
      // libmongoc would count a direct connection to a secondary as writable, and its reads would be stale.
      default: break
      }
    }
  }

  /// An identifier of the election, unique within a set: it contains the term.
  private static func election(_ server: OpaquePointer) -> String {
    guard let hello = mongoc_server_description_hello_response(server) else { return "" }
    do {
      return try BSONDocument(copying: hello).find("electionId")?.objectID().description ?? ""
    } catch {
      // A value of another type: no server answers so.
      return ""
    }
  }
}
