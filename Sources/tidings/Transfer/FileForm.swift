/// A form that no file to be imported has, known by its first bytes. The raw value goes on after "it is".
enum FileForm: String {
  case gzip = "compressed by gzip: gunzip -c FILE | tidings import --from -"
  case bzip2 = "compressed by bzip2: bunzip2 -c FILE | tidings import --from -"
  case xz = "compressed by xz: xz -dc FILE | tidings import --from -"
  case zstd = "compressed by zstd: zstd -dc FILE | tidings import --from -"
  case zip = "a zip archive, as spreadsheets are: unpack it, or save it as CSV"
  case sqlite = "a SQLite database: tidings export writes the messages of one as lines"
  case utf16 = "in UTF-16: iconv -f UTF-16 -t UTF-8 FILE | tidings import --from -"
  case binary = "no text"

  /// The form of a file with these first bytes; nil for one that may be imported.
  init?(_ bytes: [UInt8]) {
    let starts: [(FileForm, [UInt8])] = [
      (.gzip, [0x1F, 0x8B]), (.bzip2, Array("BZh".utf8)), (.xz, [0xFD, 0x37, 0x7A, 0x58, 0x5A]),
      (.zstd, [0x28, 0xB5, 0x2F, 0xFD]), (.zip, [0x50, 0x4B, 0x03, 0x04]),
      (.sqlite, Array("SQLite format 3\0".utf8)), (.utf16, [0xFF, 0xFE]), (.utf16, [0xFE, 0xFF]),
    ]
    if let (form, _) = starts.first(where: { bytes.starts(with: $1) }) {
      self = form
    } else if bytes.prefix(64).contains(0) {
      self = .binary
    } else {
      return nil
    }
  }
}
