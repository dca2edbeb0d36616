import LibC

/// The environment of the process.
enum Environment {
  /// The value of a variable; nil if it is not set or empty.
  static func value(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(bytes: value)
  }

  /// The home folder of the user who runs the program; nil if the system knows none.
  static var home: String? {
    if let home = value("HOME") { return home }
    guard let user = getpwuid(geteuid()), let folder = user.pointee.pw_dir else { return nil }
    return String(bytes: folder)
  }
}
