# TAB for revokey in fish: revokey completion fish > ~/.config/fish/completions/revokey.fish
# What was typed is handed over as it stands: none of it is evaluated.
function __revokey_lines
    set -l words (commandline -opc)
    set -e words[1]
    command revokey __complete "="(commandline -ct | string collect) $words 2>/dev/null
end
function __revokey_files
    contains -- :files (__revokey_lines)
end
function __revokey_words
    __revokey_lines | string match -v -- ':files'
end
complete -c revokey -f
complete -c revokey -a '(__revokey_words)'
complete -c revokey -n __revokey_files -F
