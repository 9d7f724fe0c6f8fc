/// What the numbers of a stored tensor are. Integers are only measured, in order to step over them.
enum ElementType: Equatable {
  case floating(FloatFormat)
  case integer(byteCount: Int)

  var byteCount: Int {
    switch self {
    case .floating(let format): format.byteCount
    case .integer(let byteCount): byteCount
    }
  }

  /// `dtype` of a safetensors header.
  init?(safeTensors name: String) {
    switch name {
    case "F32": self = .floating(.float32)
    case "F16": self = .floating(.float16)
    case "BF16": self = .floating(.bfloat16)
    case "F64": self = .floating(.float64)
    case "BOOL", "I8", "U8": self = .integer(byteCount: 1)
    case "I16", "U16": self = .integer(byteCount: 2)
    case "I32", "U32": self = .integer(byteCount: 4)
    case "I64", "U64": self = .integer(byteCount: 8)
    default: return nil
    }
  }

  /// The name of a storage class in module `torch`.
  init?(torchStorage name: String) {
    switch name {
    case "FloatStorage": self = .floating(.float32)
    case "HalfStorage": self = .floating(.float16)
    case "BFloat16Storage": self = .floating(.bfloat16)
    case "DoubleStorage": self = .floating(.float64)
    case "BoolStorage", "CharStorage", "ByteStorage": self = .integer(byteCount: 1)
    case "ShortStorage": self = .integer(byteCount: 2)
    case "IntStorage": self = .integer(byteCount: 4)
    case "LongStorage": self = .integer(byteCount: 8)
    default: return nil
    }
  }
}

/// The floating-point formats read, all little-endian as x86-64 is.
enum FloatFormat {
  case float32, float16, bfloat16, float64

  var byteCount: Int {
    switch self {
    case .float16, .bfloat16: 2
    case .float32: 4
    case .float64: 8
    }
  }

  /// The numbers in `bytes`, a whole number of them at any alignment, rounded to fp32 where they are wider.
  ///
  /// Loading from a span checks its bounds. Swift calls it unsafe since not every type can have any bits; numbers can.
  func decode(_ bytes: Span<UInt8>) -> [Float] {
    let (bytes, count) = (unsafe bytes.bytes, bytes.count / byteCount)
    if self == .float32 {  // In one piece, which is twice as fast as one by one.
      return unsafe [Float](unsafeUninitializedCapacity: count) { floats, filled in
        unsafe bytes.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(floats).copyMemory(from: $0) }
        filled = count
      }
    }
    return [Float](capacity: count) { floats in
      for at in stride(from: 0, to: floats.capacity * byteCount, by: byteCount) {
        switch self {
        case .float32: floats.append(unsafe bytes.unsafeLoadUnaligned(fromByteOffset: at, as: Float.self))
        case .float16: floats.append(Float(unsafe bytes.unsafeLoadUnaligned(fromByteOffset: at, as: Float16.self)))
        case .bfloat16:  // the upper half of a Float
          let upper = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: at, as: UInt16.self)
          floats.append(Float(bitPattern: UInt32(upper) << 16))
        case .float64: floats.append(Float(unsafe bytes.unsafeLoadUnaligned(fromByteOffset: at, as: Double.self)))
        }
      }
    }
  }
}
