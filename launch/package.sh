# shellcheck shell=bash
# For launch/bundle and launch/wheel, which source it: the program with what it needs beside it, but MPI.
#
#   stage DIR     DIR/bin/planet-dist, DIR/lib/planet-dist/*.so, DIR/share/planet-dist/licenses

version=$(sed -n 's/^let version = "\(.*\)"$/\1/p' Sources/planet-dist/Version.swift)
machine=$(uname -m)

# What of the libraries is not on every Linux. MPI is the host's; libstdc++ is, too, lest MPI's own libraries meet an older one.
libraries='libopenblas|libgfortran|libquadmath|libjpeg|libz'

stage() {
  local folder=$1 program library package
  launch/install
  # RPATH, not RUNPATH: it serves the libraries' own libraries, too. `lib` is where a Python environment has MPI.
  # shellcheck disable=SC2016 # $ORIGIN is the loader's
  local search='$ORIGIN/../lib/planet-dist:$ORIGIN/../lib'
  local build=(swift build -c release --static-swift-stdlib --product planet-dist --scratch-path .build/package
    -Xlinker --disable-new-dtags -Xlinker -rpath -Xlinker "$search")
  "${build[@]}"
  program=$("${build[@]}" --show-bin-path)/planet-dist
  mkdir -p "$folder/bin" "$folder/lib/planet-dist" "$folder/share/planet-dist/licenses"
  strip -o "$folder/bin/planet-dist" "$program"
  cp LICENSE "$folder/share/planet-dist/licenses/planet-dist"
  cp "$(dirname "$(readlink -f "$(command -v swift)")")/../share/swift/LICENSE.txt" \
    "$folder/share/planet-dist/licenses/swift"
  for library in $(ldd "$program" | awk -v wanted="^($libraries)[.]so" '$1 ~ wanted { print $3 }'); do
    cp -L "$library" "$folder/lib/planet-dist/"
    package=$(dpkg -S "*/$(basename "$(readlink -f "$library")")" | cut -d: -f1 | head -n 1) # by name: /lib may be a link
    cp "/usr/share/doc/$package/copyright" "$folder/share/planet-dist/licenses/$package"
  done
  for package in .build/package/checkouts/*; do
    cp "$package/LICENSE.txt" "$folder/share/planet-dist/licenses/$(basename "$package")" 2>/dev/null ||
      cp "$package/LICENSE" "$folder/share/planet-dist/licenses/$(basename "$package")"
  done
}
