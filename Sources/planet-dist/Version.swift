/// This program's version: what `--version`, the banner and exported files say. CHANGELOG.md and CITATION.cff name it too.
let version = "0.1.0"
