import ArgumentParser
import Files
import Foundation
import Recipes

/// A command or an option that does not exist. swift-argument-parser names the option that may have been meant only
/// where nothing else is wrong, and a command never.
struct Misspelling {
  /// What is wrong, and what to do.
  let message: String
  /// Whether it is a command. Then whatever follows, even `--help`, means nothing.
  let isCommand: Bool

  /// The first in a command line; nil if all are known. What follows `--` is another program's.
  init?(in arguments: some Sequence<String>) {
    guard let tool = try? JSONDecoder().decode(Tool.self, from: Data(PlanetDist._dumpHelp().utf8)) else { return nil }
    var (command, path) = (tool.command, tool.command.commandName)
    for word in arguments.prefix(while: { $0 != "--" }) {
      let commands = command.subcommands ?? []
      if !word.begins(with: "-") {
        guard !commands.isEmpty, word != "help" else { continue }
        guard let next = commands.first(where: { $0.commandName == word }) else {
          self.init(
            unknown: "command", word, nearest: Spelling.nearest(to: word, among: commands.map(\.commandName)), path)
          return
        }
        (command, path) = (next, "\(path) \(word)")
      } else if let option = Self.option(word), !command.options.contains(option) {
        let names = command.options.filter { $0.begins(with: "--") }.map { String($0.dropFirst(2)) }
        let nearest = Spelling.nearest(to: String(option.drop { $0 == "-" }), among: names)
        self.init(unknown: "option", option, nearest: nearest.map { "--\($0)" }, path)
        return
      }
    }
    return nil
  }

  private init(unknown kind: String, _ word: String, nearest: String?, _ path: String) {
    message = "Unknown \(kind) '\(word)'. " + (nearest.map { "Did you mean '\($0)'?" } ?? "'\(path) --help' lists all.")
    isCommand = kind == "command"
  }

  /// "--name" of "--name" and "--name=value"; nil for a negative number and for options of the parser's own.
  private static func option(_ word: String) -> String? {
    let option = String(word.prefix { $0 != "=" })
    let known = ["--generate-completion-script", "--experimental-dump-help", "--help-hidden"]
    return option.contains { $0.isLetter } && !known.contains(option) ? option : nil
  }

  /// What `--experimental-dump-help` prints, as far as it is of use here.
  private struct Tool: Decodable { let command: Command }

  private struct Command: Decodable {
    struct Argument: Decodable { let names: [Name]? }
    struct Name: Decodable { let name: String }
    let commandName: String
    let subcommands: [Command]?
    let arguments: [Argument]?

    /// "--data", "-h".
    var options: [String] {
      (arguments ?? []).flatMap { $0.names ?? [] }.map { ($0.name.utf8.count > 1 ? "--" : "-") + $0.name }
    }
  }
}
