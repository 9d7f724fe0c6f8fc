import ArgumentParser

@main
struct PlanetDist: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "planet-dist")
}
