import Foundation
import TestSupport
import Testing

/// `launch/get-data` against a server that misbehaves: three chips to train on, two and one to predict.
@Suite(.enabled(if: FetchServer.isPossible, Comment(rawValue: FetchServer.needs)))
struct GetDataTests {
  private let server: FetchServer
  private let folder = TemporaryFolder()
  private let archive = "train-jpg.tar.7z"

  init() throws {
    server = try FetchServer()
    let script = """
      set -e; cd '\(server.folder.path(""))'
      pack() {
        mkdir $1; for name in $2; do head -c 20000 /dev/urandom >$1/$name.jpg; done
        tar -c $1 | 7za a -bd -si $1.tar.7z >/dev/null; rm -r $1
      }
      pack train-jpg 'train_0 train_1 train_2'; pack test-jpg 'test_0 test_1'; pack test-jpg-additional file_0
      printf 'image_name,tags\\ntrain_0,a\\ntrain_1,b\\ntrain_2,c d\\n' >train_v2.csv
      7za a -bd -tzip train_v2.csv.zip train_v2.csv >/dev/null; rm train_v2.csv
      printf 'image_name,tags\\ntest_0,a\\ntest_1,a\\nfile_0,a\\n' >sample_submission_v2.csv
      """
    #expect(try ProgramRun("/usr/bin/env", ["bash", "-c", script]).exitCode == 0)
    try "Basic bWU6a2V5".write(toFile: server.folder.path("authorization"), atomically: true, encoding: .utf8)
  }

  private func get(_ arguments: String..., environment: [String: String] = [:]) throws -> ProgramRun {
    let labels = "18a2f8f3101e7fb5762f2e4740cf8551"
    let settings = [
      "KAGGLE_API_ENDPOINT": server.address, "KAGGLE_USERNAME": "me", "KAGGLE_KEY": "key", "KAGGLE_API_TOKEN": "",
      "KAGGLE_CONFIG_DIR": "", "HOME": folder.path("home"), "PLANET_EXPECTED": "3 \(labels) 2 1",
    ]
    return try ProgramRun(
      FetchServer.scripts + "/get-data", [folder.path("planet")] + arguments,
      environment: settings.merging(environment) { $1 })
  }

  private func contents() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path("planet")).sorted()
  }

  @Test func everythingOnce() throws {
    let train = try get()
    #expect(train.exitCode == 0, "\(train.errors)")
    #expect(try contents() == ["train-jpg", "train_v2.csv"])
    #expect(train.output.hasSuffix("3 chips and rows to train on\n"))
    #expect(server.requests() == ["train_v2.csv.zip - 200", "\(archive) - 200"])
    let test = try get("--test")
    #expect(test.exitCode == 0, "\(test.errors)")
    let everything = ["sample_submission_v2.csv", "test-jpg", "test-jpg-additional", "train-jpg", "train_v2.csv"]
    #expect(try contents() == everything)
    #expect(folder.has("planet/test-jpg/test_1.jpg") && folder.has("planet/test-jpg-additional/file_0.jpg"))
    #expect(test.output.contains("3 chips to predict, in test-jpg and test-jpg-additional\n"))
    // Kaggle packs small files or does not.
    #expect(server.requests().prefix(2) == ["sample_submission_v2.csv.zip - 404", "sample_submission_v2.csv - 200"])
    #expect(try get("--test").exitCode == 0)
    #expect(server.requests().isEmpty)
  }

  @Test func tokens() throws {
    let none = try get(environment: ["KAGGLE_KEY": ""])
    #expect(none.exitCode == 1)
    #expect(none.errors.hasPrefix("Kaggle token: not found. Create one at https://www.kaggle.com/settings"))
    #expect(try get(environment: ["KAGGLE_KEY": "old"]).errors.contains("does not accept your token (401)"))
    try FileManager.default.createDirectory(atPath: folder.path("home/.kaggle"), withIntermediateDirectories: true)
    let json = folder.path("home/.kaggle/kaggle.json")
    try "{}".write(toFile: json, atomically: true, encoding: .utf8)
    #expect(try get(environment: ["KAGGLE_KEY": ""]).errors.contains("has no username and key"))
    try "{\"username\": \"me\",\n \"key\":\"key\"}".write(toFile: json, atomically: true, encoding: .utf8)
    #expect(try get(environment: ["KAGGLE_KEY": ""]).exitCode == 0)
    try FileManager.default.removeItem(atPath: folder.path("planet"))
    try "Bearer KGAT_1".write(toFile: server.folder.path("authorization"), atomically: true, encoding: .utf8)
    #expect(try get(environment: ["KAGGLE_API_TOKEN": " KGAT_1\t"]).exitCode == 0)
  }

  /// A file made for today's tokens is used, whatever older ones are left, and with whatever blanks it was saved.
  @Test(arguments: [("access_token", " KGAT_1 \r\n\n"), ("access_token.txt", "KGAT_1\n")])
  func tokenFiles(name: String, text: String) throws {
    try "Bearer KGAT_1".write(toFile: server.folder.path("authorization"), atomically: true, encoding: .utf8)
    try FileManager.default.createDirectory(atPath: folder.path("home/.kaggle"), withIntermediateDirectories: true)
    try text.write(toFile: folder.path("home/.kaggle/" + name), atomically: true, encoding: .utf8)
    let run = try get()
    #expect(run.exitCode == 0, "\(run.errors)")
  }

  /// Nothing in a token becomes another option of curl's.
  @Test func notATokenAlone() throws {
    let token = folder.path("token")
    try "KGAT_1\noutput = \(folder.path("stolen"))\n".write(toFile: token, atomically: true, encoding: .utf8)
    let run = try get(environment: ["KAGGLE_API_TOKEN": token])
    #expect(run.exitCode == 1 && !folder.has("stolen"))
    #expect(run.errors == "\(token): is more than a token. Create a new one and replace it.\n")
  }

  /// Kaggle's list names a folder for each file, by which alone it then knows it.
  @Test func nestedNames() throws {
    let script = """
      cd '\(server.folder.path(""))'; mkdir n; mv train_v2.csv.zip \(archive) n
      mkdir train_v2.csv.zip \(archive); mv n/train_v2.csv.zip train_v2.csv.zip; mv n/\(archive) \(archive)
      """
    #expect(try ProgramRun.shell(script) == 0)
    let run = try get()
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(try contents() == ["train-jpg", "train_v2.csv"])
    #expect(server.requests().last == "\(archive)/\(archive) - 200")
  }

  /// What a browser brought: everything in one zip, or that unpacked.
  @Test(arguments: ["7za a -bd -tzip ../planet-understanding-the-amazon-from-space.zip . >/dev/null", "mv * .."])
  func broughtByABrowser(pack: String) throws {
    let script = """
      set -e; mkdir -p '\(folder.path("planet/n"))'; cd '\(folder.path("planet/n"))'
      mkdir train_v2.csv \(archive); cp '\(server.folder.path(archive))' \(archive)
      printf 'image_name,tags\ntrain_0,a\ntrain_1,b\ntrain_2,c d\n' >train_v2.csv/train_v2.csv
      \(pack); cd ..; rm -r n
      """
    #expect(try ProgramRun("/usr/bin/env", ["bash", "-c", script]).exitCode == 0)
    let run = try get(environment: ["KAGGLE_KEY": ""])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(try contents().filter { !$0.hasSuffix(".zip") } == ["train-jpg", "train_v2.csv"])
    #expect(server.requests().isEmpty)
  }

  /// Chips belong to whoever unpacks them, and can be read.
  @Test func foreignModes() throws {
    let script = """
      set -e; cd '\(server.folder.path(""))'; mkdir train-jpg; for i in 0 1 2; do echo x >train-jpg/train_$i.jpg; done
      chmod 000 train-jpg/train_0.jpg; chmod 4777 train-jpg/train_1.jpg
      rm \(archive); tar -c --owner=4711 --group=4711 train-jpg | 7za a -bd -si \(archive) >/dev/null
      """
    #expect(try ProgramRun("/usr/bin/env", ["bash", "-c", script]).exitCode == 0)
    #expect(try get().exitCode == 0)
    for i in 0...2 {
      let facts = try FileManager.default.attributesOfItem(atPath: folder.path("planet/train-jpg/train_\(i).jpg"))
      #expect(facts[.posixPermissions] as? Int == 0o644 && facts[.ownerAccountID] as? UInt32 == getuid())
    }
  }

  @Test(arguments: [
    ("403", "most often because you have not accepted the competition's rules.\nLog in, accept them at https://www."),
    ("404", "Kaggle has no such file (404). If https://www.kaggle.com/c/planet-understanding-the-amazon-from-space"),
    ("500 500 500 500", "The requested URL returned error: 500. Run this again later: it goes on where it stopped."),
  ])
  func refused(answers: String, message: String) throws {
    try server.answer(archive, with: answers)
    let run = try get()
    #expect(run.exitCode == 1)
    #expect(run.errors.contains(message), "\(run.errors)")
    #expect(try contents() == ["train_v2.csv"])
    let again = try get()
    #expect(again.exitCode == 0, "\(again.errors)")
  }

  @Test func cutConnections() throws {
    try server.answer(archive, with: "cut 500 norange cut")
    #expect(try get().exitCode == 0)
    let requests = server.requests().filter { $0.hasPrefix(archive) }
    try #require(requests.count == 5)
    #expect(requests[1].hasSuffix(" 500") && requests[2].contains("bytes="))
    #expect(requests[3] == "\(archive) - 200" && requests[4].hasSuffix(" 206"))
    #expect(try contents() == ["train-jpg", "train_v2.csv"])
  }

  @Test func damagedArchives() throws {
    try server.answer(archive, with: "wrong")
    let wrong = try get()
    #expect(wrong.exitCode == 1)
    #expect(
      wrong.errors.hasSuffix(
        "\(archive): damaged, or not what it is called; it was removed. "
          + "Run this again to fetch it anew.\n"))
    #expect(try contents() == ["train_v2.csv"])
    // Cut short before it came here, as a browser may have left it.
    let bytes = try Data(contentsOf: URL(fileURLWithPath: server.folder.path(archive)))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: folder.path("planet/" + archive)))
    #expect(try get().errors.contains("damaged"))
    #expect(try contents() == ["train_v2.csv"])
    #expect(try get().exitCode == 0)
  }

  @Test func interruptedUnpacking() throws {
    let partial = folder.path("planet/train-jpg.partial/train-jpg")
    try FileManager.default.createDirectory(atPath: partial, withIntermediateDirectories: true)
    try Data([1]).write(to: URL(fileURLWithPath: partial + "/train_9.jpg"))
    #expect(try get().exitCode == 0)
    #expect(!folder.has("planet/train-jpg/train_9.jpg"))
    #expect(try contents() == ["train-jpg", "train_v2.csv"])
  }

  @Test func wrongCounts() throws {
    let few = try get(environment: ["PLANET_EXPECTED": "4 18 2 1"])
    #expect(few.exitCode == 1 && few.errors.contains("train_v2.csv.zip: damaged, or not what it is called"))
    #expect(try contents().isEmpty)
    #expect(try get().exitCode == 0)
    try FileManager.default.removeItem(atPath: folder.path("planet/train-jpg/train_0.jpg"))
    #expect(try get().errors.hasSuffix("train-jpg: has 2 chips, not 3. Move it away and run this again.\n"))
    try "image_name,tags\n1,a\n2,a\n3,a\n".write(
      toFile: folder.path("planet/train_v2.csv"), atomically: true, encoding: .utf8)
    #expect(try get().errors.hasSuffix("is not the competition's, of 3 rows. Move it away and run this again.\n"))
  }

  @Test func archivesPutThere() throws {
    try FileManager.default.createDirectory(atPath: folder.path("planet"), withIntermediateDirectories: true)
    for name in [archive, "train_v2.csv.zip"] {
      try FileManager.default.copyItem(atPath: server.folder.path(name), toPath: folder.path("planet/" + name))
    }
    #expect(try get(environment: ["KAGGLE_KEY": ""]).exitCode == 0)
    #expect(server.requests().isEmpty)
  }

  /// The tools of this machine without 7z and apt-get, or with a `df` that sees a full disk.
  @Test func poorMachines() throws {
    let tools = folder.path("tools")
    try FileManager.default.createDirectory(atPath: tools, withIntermediateDirectories: true)
    for tool in ["bash", "env", "curl", "cat", "dirname", "basename", "mkdir", "rm", "stat", "sed", "tr", "df"] {
      let path = try #require(ProgramRun.path(of: tool))
      try FileManager.default.createSymbolicLink(atPath: tools + "/" + tool, withDestinationPath: path)
    }
    let without = try get(environment: ["PATH": tools])
    #expect(without.exitCode == 1)
    #expect(
      without.errors == "p7zip: not found, and Kaggle packs its chips with it. "
        + "Install it: apt-get install p7zip-full\n")

    let df = folder.path("bin/df")
    try FileManager.default.createDirectory(atPath: folder.path("bin"), withIntermediateDirectories: true)
    try "#!/bin/sh\necho Avail\necho 700M\n".write(toFile: df, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: df)
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let full = try get(environment: ["PATH": folder.path("bin") + ":" + path])
    #expect(full.exitCode == 1)
    #expect(full.errors.hasSuffix("700 MB are free, and train-jpg needs 1500. Make room, or choose another DIR.\n"))
    #expect(server.requests() == ["train_v2.csv.zip - 200"])
  }
}
