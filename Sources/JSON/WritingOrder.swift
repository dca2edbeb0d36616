/// Checks in debug builds that what is written is one JSON value; costs nothing in others.
struct WritingOrder: Sendable {
  #if DEBUG
    /// Of what is begun, outermost first: whether it is an object.
    private var open: [Bool] = []
    private var hasKey = false
    private var isComplete = false
  #endif

  /// A scalar or raw value is written.
  @inline(__always)
  mutating func value() {
    #if DEBUG
      expectValue()
      isComplete = open.isEmpty
    #endif
  }

  /// A key is written.
  @inline(__always)
  mutating func key() {
    #if DEBUG
      assert(open.last == true && !hasKey, "a key stands in an object, before its value")
      hasKey = true
    #endif
  }

  /// An object or array is begun.
  @inline(__always)
  mutating func begin(object: Bool) {
    #if DEBUG
      expectValue()
      open.append(object)
    #endif
  }

  /// An object or array is ended.
  @inline(__always)
  mutating func end(object: Bool) {
    #if DEBUG
      assert(open.last == object && !hasKey, "what is ended was begun last, and has a value for each key")
      open.removeLast()
      isComplete = open.isEmpty
    #endif
  }

  /// The text is used.
  @inline(__always)
  func finish() {
    #if DEBUG
      assert(isComplete, "a text is one whole value")
    #endif
  }

  #if DEBUG
    private mutating func expectValue() {
      assert(!isComplete, "a text is one value")
      assert(open.last != true || hasKey, "an object's value follows its key")
      hasKey = false
    }
  #endif
}
