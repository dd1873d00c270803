_notifyctl() {
    local IFS=$'\n' answer
    COMPREPLY=()
    answer=$(_NOTIFYCTL_COMPLETE=bash command notifyctl "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
    if [ $? -eq 64 ]; then
        compopt -o default
    else
        COMPREPLY=($(cut -f 1 <<<"$answer"))
    fi
}

complete -F _notifyctl notifyctl
