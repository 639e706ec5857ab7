#compdef revokey
# TAB for revokey in zsh: revokey completion zsh > a file _revokey in a folder of $fpath,
# or: source <(revokey completion zsh), after compinit.
# What was typed is handed over as it stands: none of it is evaluated.
_revokey() {
    local line name text files=""
    local -a candidates
    while IFS= read -r line; do
        if [[ "$line" == ":files" ]]; then
            files=yes
            continue
        fi
        name="${line%%$'\t'*}" text="${line#*$'\t'}"
        candidates+=("${name//:/\\:}:$text")
    done < <(command revokey __complete "=${words[CURRENT]}" "${(@)words[2,CURRENT-1]}" 2>/dev/null)
    if (( $#candidates )); then
        _describe revokey candidates
    fi
    if [[ -n "$files" ]]; then
        _files
    fi
}
if [[ "${funcstack[1]}" == _revokey ]]; then
    _revokey "$@"
else
    compdef _revokey revokey
fi
