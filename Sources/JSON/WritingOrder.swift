/// Checks in debug builds that the written text is one JSON value; costs nothing in release builds.
struct WritingOrder: Sendable {
  #if DEBUG
    /// A stack of the open arrays and objects, outermost first: true for an object.
    private var open: [Bool] = []
    private var hasKey = false
    private var isComplete = false
  #endif

  /// Records a scalar or raw value, after a check that a value may stand here.
  @inline(__always)
  mutating func value() {
    #if DEBUG
      expectValue()
      isComplete = open.isEmpty
    #endif
  }

  /// Records a key, after a check that a key may stand here.
  @inline(__always)
  mutating func key() {
    #if DEBUG
      assert(open.last == true && !hasKey, "a key stands in an object, before its value")
      hasKey = true
    #endif
  }

  /// Records the start of an object or array, after a check that a value may stand here.
  @inline(__always)
  mutating func begin(object: Bool) {
    #if DEBUG
      expectValue()
      open.append(object)
    #endif
  }

  /// Records the end of an object or array, after a check that it was begun last.
  @inline(__always)
  mutating func end(object: Bool) {
    #if DEBUG
      assert(open.last == object && !hasKey, "what is ended was begun last, and has a value for each key")
      open.removeLast()
      isComplete = open.isEmpty
    #endif
  }

  /// Checks that the text is complete.
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
