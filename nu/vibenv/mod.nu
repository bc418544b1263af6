# Throw-away workspaces in containers, for people and coding agents.
#
# Every command is the plugin's. This module adds what a plugin cannot: a word where Nushell does not know it, or
# knows another one.

# The plugin that belongs to this module: its version, and a digest of what Nushell keeps of its commands.
const PLUGIN = "0.1.0+5fb25ebd"

export-env {
    let known = plugin list --engine | where name == vibenv | get 0?.version
    if $known not-in [null $PLUGIN] {
        print --stderr $"vibenv ($PLUGIN) is installed, and this Nushell knows the commands of ($known)"
        print --stderr "  type: python -m nu_plugin_vibenv install   then open a new Nushell"
    }
}

# Show a host's stack, how many sessions it has, and what to type next.
#
# Where the plugin is missing, whatever is typed after `vibenv` says which line to type.
@example "what is on the host, and what to type next" { vibenv }
@example "the same of another host" { vibenv --host lab }
export def --wrapped main [
    ...args: string # `--host`, a Docker context's name or an engine's address
] {
    if (plugin list --engine | where name == vibenv | is-empty) {
        error make {
            msg: "this Nushell does not have vibenv's plugin"
            code: "vibenv::not_registered"
            labels: [{ text: "needs the plugin", span: (metadata $args).span }]
            help: "type: python -m nu_plugin_vibenv install   then open a new Nushell"
        }
    }
    match $args {
        [] => { vibenv }
        ["--host" $host] => { vibenv --host $host }
        [$flag] if $flag starts-with "--host=" => { vibenv --host ($flag | str substring 7..) }
        ["--help"] | ["-h"] => { vibenv --help }
        _ => { vibenv ...$args }
    }
}
