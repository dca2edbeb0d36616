import Synchronization

/// The reason why a call is to end early.
enum CancelReason: UInt8, AtomicRepresentable, Sendable, CaseIterable {
  case none
  /// The host cancelled the request, or is gone.
  case cancelled
  case deadline

  /// The error for the answer to a call that ended for this reason.
  var error: RPCError? {
    switch self {
    case .none: nil
    case .cancelled: .cancelled()
    case .deadline: .deadlineExceeded()
    }
  }
}
