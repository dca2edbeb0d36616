/// A value with a part for each of an inbox's two logs.
protocol TwoSided {
  associatedtype Half
  var shared: Half { get set }
  var own: Half { get set }
}

extension TwoSided {
  subscript(_ side: Inbox.Side) -> Half {
    get { side == .shared ? shared : own }
    set { if side == .shared { shared = newValue } else { own = newValue } }
  }
}
