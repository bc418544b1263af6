# Makes docs/screen.png: a Nushell in one session finds out which other one waits for somebody, and answers.
# usage: nu docs/screen.nu docs/screen.png      where `use vibenv` works, and the launcher is there
use vibenv

def report [state: string, message: string] {
    $"printf '\\033]7501;state=($state):msg=($message | encode base64)\\033\\\\'"
}

def main [file: path] {
    let agents = {
        api: $"(report working 'fixing 3 tests'); exec sleep infinity"
        docs: $"(report done '4 pages written'); exec sleep infinity"
        web: $"(report 'blocked:kind=permission' 'npm install'); printf '\\033[1mRun npm install?\\033[m [y/n] '
            read answer; (report working 'npm install'); echo installing ...; exec sleep infinity"
    }
    for it in ($agents | transpose name script) {
        vibenv launch $it.name --command $"sh -c \"($it.script)\""
    }
    vibenv launch demo --command "nu --execute '$env.PROMPT_COMMAND_RIGHT = \"\"'"
    vibenv wait demo --for ">" --timeout 30sec
    for line in [
        "use vibenv; vibenv list | ignore; clear"
        "vibenv list | select name activity since | sort-by name"
        "vibenv screen web | get lines.0"
        "vibenv send web y --keys [Enter] | vibenv wait --for installing | get line"
    ] {
        vibenv send demo $line --keys [Enter] | vibenv wait --idle 2sec --timeout 30sec
    }
    vibenv screen demo --png | save --force $file
    vibenv remove demo ...($agents | columns) --force
    null
}
