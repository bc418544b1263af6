#!/usr/bin/env bash
# Builds the Docker engine and CLI from the Go module proxy alone, for when Debian has moved on to a later version.
# usage: docker-build.sh OUT      makes OUT/sbin/dockerd, OUT/sbin/docker-proxy, OUT/bin/docker
set -euo pipefail
version=28.5.2
mkdir -p "$1/sbin" "$1/bin"
out=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CGO_ENABLED=0 GOFLAGS="-buildvcs=false -mod=mod" GOWORK=off

source_of() { # MODULE FOLDER: these modules keep their go.mod under another name
    local dir
    dir=$(go mod download -json "$1@v$version+incompatible" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
    cp -r "$dir" "$2"
    chmod -R u+w "$2"
    cd "$2"
    rm -rf vendor
    mv vendor.mod go.mod
    mv vendor.sum go.sum
}

source_of github.com/docker/docker "$work/engine"
go build -trimpath -ldflags "-s -w -X github.com/docker/docker/dockerversion.Version=$version" \
    -o "$out/sbin/" ./cmd/dockerd ./cmd/docker-proxy
source_of github.com/docker/cli "$work/cli"
go build -trimpath -ldflags "-s -w -X github.com/docker/cli/cli/version.Version=$version" -o "$out/bin/" ./cmd/docker
