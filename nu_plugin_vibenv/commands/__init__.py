"""All of vibenv's commands, each in a file of its own; what is not listed here does not exist."""

from __future__ import annotations

from ..sdk import Plugin

_HOST = {
    "vibenv": "overview:Overview",
    "vibenv up": "up:Up",
    "vibenv down": "down:Down",
    "vibenv status": "status:Status",
    "vibenv doctor": "doctor:Doctor",
    "vibenv create launcher": "create_launcher:CreateLauncher",
}
_SESSIONS = {
    "vibenv launch": "launch:Launch",
    "vibenv list": "list:List",
    "vibenv watch": "watch:Watch",
    "vibenv stats": "stats:Stats",
    "vibenv stop": "stop:Stop",
    "vibenv start": "start:Start",
    "vibenv remove": "remove:Remove",
    "vibenv rename": "rename:Rename",
    "vibenv forward": "forward:Forward",
    "vibenv forwards": "forwards:Forwards",
}
_INSIDE = {
    "vibenv send": "send:Send",
    "vibenv screen": "screen:Screen",
    "vibenv wait": "wait:Wait",
    "vibenv exec": "exec:Exec",
    "vibenv log": "log:Log",
    "vibenv logs": "logs:Logs",
    "vibenv read": "read:Read",
    "vibenv write": "write:Write",
    "vibenv push": "push:Push",
    "vibenv pull": "pull:Pull",
}
_CONFIGURATION = {
    "vibenv ssh-config": "ssh_config:SshConfig",
    "vibenv context create": "context_create:ContextCreate",
    "vibenv context list": "context_list:ContextList",
    "vibenv context use": "context_use:ContextUse",
    "vibenv context remove": "context_remove:ContextRemove",
}
_TERMINALS = {
    "vibenv attach": "attach:Attach",
    "vibenv remote-launch": "remote_launch:RemoteLaunch",
}


def version() -> str:
    """vibenv's version with a digest of all that nu keeps of its commands, such as `0.1.0+5d41402a`.

    Imports all of them: nu asks for it when the plugin is registered, not when it is used.
    """
    import zlib

    from vibenv_core.settings import VERSION

    return f"{VERSION}+{zlib.crc32(repr([*plugin.signatures()]).encode()):08x}"


plugin = Plugin(
    version=version,
    commands={
        name: f"{__name__}.{path}"
        for name, path in {**_HOST, **_SESSIONS, **_INSIDE, **_TERMINALS, **_CONFIGURATION}.items()
    },
    registration="python -m nu_plugin_vibenv install",
)
"""A command's module is imported when the command is first run, so that many cost the start nothing."""
