import LibC

/// Resources that a system may have run out of: sentences with the remedy.
enum Shortage {
  static let disk = "the disk that holds the database is full: free some space"

  /// The sentence for an error number of the system; nil if it is no shortage.
  static func text(_ code: Int32) -> String? {
    switch code {
    case ENOSPC: disk
    case EDQUOT: "the quota of disk space is used up: free some space"
    case EFBIG: "the limit on the size of files is reached: raise it (ulimit -f)"
    case EMFILE, ENFILE: "too many files are open: raise the limit (ulimit -n)"
    case ENOMEM: "out of memory"
    default: nil
    }
  }
}
