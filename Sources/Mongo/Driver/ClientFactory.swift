import CMongoC

/// Makes libmongoc's client pool and receives the events of its topology.
enum ClientFactory {
  /// Makes a pool whose events go to the ``PoolCore`` in `context`, which must outlive it.
  static func makePool(_ uri: MongoURI, context: UnsafeMutableRawPointer) throws(MongoError) -> OpaquePointer
  {
    guard let parsed = uri.makeURI() else {
      throw MongoError(.invalidArgument, "the MongoDB URI is not valid")
    }
    defer { mongoc_uri_destroy(parsed) }
    var error = bson_error_t()
    guard let pool = mongoc_client_pool_new_with_error(parsed, &error) else {
      throw MongoError(error, .read, reply: nil)
    }
    mongoc_client_pool_set_error_api(pool, 2)
    mongoc_client_pool_max_size(pool, room(uri, beside: 0))
    let callbacks = mongoc_apm_callbacks_new()
    defer { mongoc_apm_callbacks_destroy(callbacks) }
    mongoc_apm_set_topology_changed_cb(callbacks, topologyChanged)
    mongoc_apm_set_server_heartbeat_failed_cb(callbacks, heartbeatFailed)
    mongoc_client_pool_set_apm_callbacks(pool, callbacks, context)
    return pool
  }

  /// The size of libmongoc's pool: the threads, room for change streams, and the discarded clients, which
  /// libmongoc still counts. With all of them counted here, a pop never waits.
  static func room(_ uri: MongoURI, beside discarded: Int) -> UInt32 {
    UInt32(clamping: uri.threads + 1024 + discarded)
  }
}

/// The core that receives the events. The conductor thread holds it until libmongoc's pool, and with it the
/// last event, is gone.
private func core(_ context: UnsafeMutableRawPointer?) -> PoolCore? {
  context.map { Unmanaged<PoolCore>.fromOpaque($0).takeUnretainedValue() }
}

/// Called by libmongoc with its topology locked: only the description in the event may be looked at.
private func topologyChanged(_ event: OpaquePointer?) {
  let description = mongoc_apm_topology_changed_get_new_description(event)
  guard let core = core(mongoc_apm_topology_changed_get_context(event)) else { return }
  let primary = Primary(description)
  if let election = primary.election { core.elections.met(election) }
  core.topologyChanged(hasPrimary: primary.exists)
}

private func heartbeatFailed(_ event: OpaquePointer?) {
  var error = bson_error_t()
  mongoc_apm_server_heartbeat_failed_get_error(event, &error)
  core(mongoc_apm_server_heartbeat_failed_get_context(event))?
    .heartbeatFailed(MongoError(error, .read, reply: nil))
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
