/// An array that reuses the places of removed elements: an element's index stays valid until it is removed.
struct Slots<Element: Sendable>: Sendable {
  private var places: [Element?] = []
  private var free: [Int] = []

  subscript(index: Int) -> Element {
    get { places[index]! }
    _modify { yield &places[index]! }
  }

  mutating func insert(_ element: Element) -> Int {
    if let index = free.popLast() {
      places[index] = element
      return index
    }
    places.append(element)
    return places.count - 1
  }

  mutating func remove(_ index: Int) -> Element {
    let element = places[index]!
    places[index] = nil
    free.append(index)
    return element
  }
}
