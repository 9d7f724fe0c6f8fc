/// The instructions `torch.save` writes for dictionaries of tensors, protocols 2 to 4, under the names that
/// `python3 -m pickletools` gives them. Definition: https://github.com/python/cpython/blob/main/Lib/pickletools.py
enum PickleOpcode: UInt8 {
  case proto = 0x80
  case frame = 0x95
  case stop = 0x2e  // .
  case mark = 0x28  // (

  case none = 0x4e  // N
  case newTrue = 0x88
  case newFalse = 0x89
  case binInt = 0x4a  // J
  case binInt1 = 0x4b  // K
  case binInt2 = 0x4d  // M
  case long1 = 0x8a
  case binFloat = 0x47  // G
  case binString = 0x54  // T
  case shortBinString = 0x55  // U
  case binUnicode = 0x58  // X
  case shortBinUnicode = 0x8c

  case emptyTuple = 0x29  // )
  case tuple = 0x74  // t
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case emptyList = 0x5d  // ]
  case append = 0x61  // a
  case appends = 0x65  // e
  case emptyDict = 0x7d  // }
  case setItem = 0x73  // s
  case setItems = 0x75  // u

  case binPut = 0x71  // q
  case longBinPut = 0x72  // r
  case memoize = 0x94
  case binGet = 0x68  // h
  case longBinGet = 0x6a  // j

  case global = 0x63  // c
  case stackGlobal = 0x93
  case reduce = 0x52  // R
  case build = 0x62  // b
  case binPersID = 0x51  // Q
}
