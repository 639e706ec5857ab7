# TAB for revokey in bash: . <(revokey completion bash)
# What was typed is handed over as it stands: none of it is evaluated.
_revokey() {
    local cur="" i word line files="" name
    local -a words=()
    COMPREPLY=()
    # Put together again what bash splits at "=" and ":".
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word="${COMP_WORDS[i]}"
        if [[ $i -gt 1 && ( "$word" == [=:]* || "$cur" == *[=:] ) && -n "$cur" ]]; then
            cur="$cur$word"
        else
            if [[ $i -gt 1 ]]; then words[${#words[@]}]="$cur"; fi
            cur="$word"
        fi
    done
    while IFS= read -r line; do
        name="${line%%$'\t'*}"
        case "$name" in
        :files) files=yes ;;
        "$cur"*)
            # bash completes only what is behind the last "=".
            if [[ "$cur" == *=* && "$COMP_WORDBREAKS" == *=* ]]; then name="${name#"${cur%%=*}="}"; fi
            COMPREPLY[${#COMPREPLY[@]}]="$name"
            ;;
        esac
    done < <(command revokey __complete "=$cur" ${words[@]+"${words[@]}"} 2>/dev/null)
    if [[ -n "$files" ]] && type compopt >/dev/null 2>&1; then
        compopt -o default
    fi
    if [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == *= ]] && type compopt >/dev/null 2>&1; then
        compopt -o nospace
    fi
}
complete -F _revokey revokey
