/// numpy's legacy generator (`numpy.random.seed`, `numpy.random.permutation`): the Mersenne Twister MT19937
/// (Matsumoto and Nishimura, 1998) and numpy's way of shuffling with it. It alone gives fastai's split.
struct NumpyRandom {
  private var state: [UInt32]
  private var position = 624

  /// As `numpy.random.seed(seed)`, which is MT19937's `init_genrand`.
  init(seed: UInt32) {
    state = [seed]
    for i in 1..<624 {
      let x = state[i - 1]
      state.append(1_812_433_253 &* (x ^ (x >> 30)) &+ UInt32(i))
    }
  }

  /// The next 32 bits.
  mutating func next() -> UInt32 {
    if position == 624 { twist() }
    var x = state[position]
    position += 1
    x ^= x >> 11
    x ^= (x << 7) & 0x9D2C_5680
    x ^= (x << 15) & 0xEFC6_0000
    return x ^ (x >> 18)
  }

  private mutating func twist() {
    for i in 0..<624 {
      let x = (state[i] & 0x8000_0000) | (state[(i + 1) % 624] & 0x7FFF_FFFF)
      state[i] = state[(i + 397) % 624] ^ (x >> 1) ^ (x & 1 == 0 ? 0 : 0x9908_B0DF)
    }
    position = 0
  }

  /// Uniform in `0...maximum`: the low bits of as many draws as it takes to be in range.
  private mutating func interval(_ maximum: UInt32) -> UInt32 {
    let mask = UInt32.max >> UInt32(maximum.leadingZeroBitCount)
    while true {
      let value = next() & mask
      if value <= maximum { return value }
    }
  }

  /// As `numpy.random.permutation(count)`, for up to 2³² elements: Fisher and Yates's shuffle from the end.
  mutating func permutation(_ count: Int) -> [Int] {
    var values = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) { values.swapAt(i, Int(interval(UInt32(i)))) }
    return values
  }
}
