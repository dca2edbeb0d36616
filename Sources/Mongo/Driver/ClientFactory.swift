import CMongoC

/// Makes libmongoc's client pool and hears about its topology.
enum ClientFactory {
  /// A pool whose events go to the ``PoolCore`` in `context`, which must outlive it.
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
    // Room for change streams beside the threads; both are counted here, so that a pop never waits.
    mongoc_client_pool_max_size(pool, UInt32(uri.threads + 1024))
    let callbacks = mongoc_apm_callbacks_new()
    defer { mongoc_apm_callbacks_destroy(callbacks) }
    mongoc_apm_set_topology_changed_cb(callbacks, topologyChanged)
    mongoc_apm_set_server_heartbeat_failed_cb(callbacks, heartbeatFailed)
    mongoc_client_pool_set_apm_callbacks(pool, callbacks, context)
    return pool
  }
}

/// The conductor thread holds the core until libmongoc's pool, and with it the last event, is gone.
private func core(_ context: UnsafeMutableRawPointer?) -> PoolCore? {
  context.map { Unmanaged<PoolCore>.fromOpaque($0).takeUnretainedValue() }
}

/// libmongoc calls this with its topology locked: only the description given may be looked at.
private func topologyChanged(_ event: OpaquePointer?) {
  let description = mongoc_apm_topology_changed_get_new_description(event)
  core(mongoc_apm_topology_changed_get_context(event))?
    .topologyChanged(hasPrimary: hasPrimary(description))
}

private func heartbeatFailed(_ event: OpaquePointer?) {
  var error = bson_error_t()
  mongoc_apm_server_heartbeat_failed_get_error(event, &error)
  core(mongoc_apm_server_heartbeat_failed_get_context(event))?
    .heartbeatFailed(MongoError(error, .read, reply: nil))
}

/// A server that takes writes. A direct connection to a secondary would count as writable for libmongoc, and
/// its reads would be stale.
private func hasPrimary(_ description: OpaquePointer?) -> Bool {
  guard mongoc_topology_description_has_writable_server(description) else { return false }
  var count = 0
  let servers = mongoc_topology_description_get_servers(description, &count)
  defer { mongoc_server_descriptions_destroy_all(servers, count) }
  return (0..<count).contains { index in
    guard let type = mongoc_server_description_type(servers?[index]) else { return false }
    return ["RSPrimary", "Standalone", "Mongos", "LoadBalancer"].contains(String(cString: type))
  }
}
