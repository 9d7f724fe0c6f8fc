import Compute

/// Draws the tags of a synthetic chip, about as often and as often together as in Planet's label file. Its seven rarest
/// are made commoner, so that a sample of a few hundred has some of each.
enum SyntheticTags {
  static func draw(_ random: inout RandomSource) -> Set<String> {
    func chance(_ p: Float) -> Bool { random.uniform() < p }
    let weather = random.uniform()
    if weather < 0.052 { return ["cloudy"] }  // hides all else
    var tags: Set = [weather < 0.231 ? "partly_cloudy" : weather < 0.298 ? "haze" : "clear"]

    if chance(0.975) { tags.insert("primary") }
    let agriculture = chance(0.32)
    if agriculture { tags.insert("agriculture") }
    let habitation = chance(agriculture ? 0.25 : 0.025)
    if habitation { tags.insert("habitation") }
    if chance(habitation ? 0.75 : agriculture ? 0.35 : 0.08) { tags.insert("road") }
    if chance(agriculture ? 0.25 : 0.055) { tags.insert("cultivation") }
    let water = chance(0.19)
    if water { tags.insert("water") }
    if chance(0.025) { tags.insert("bare_ground") }
    if chance(water ? 0.06 : 0.01) { tags.insert("artisinal_mine") }
    for rare in ["blooming", "blow_down", "conventional_mine", "selective_logging", "slash_burn"] where chance(0.02) {
      tags.insert(rare)
    }
    return tags
  }
}
