function __notifyctl_answer
    set -l before (commandline --tokenize --cut-at-cursor --current-process)
    set -e before[1]
    set -l word (commandline --current-token --cut-at-cursor)
    set -l answer (_NOTIFYCTL_COMPLETE=fish command notifyctl $before $word 2>/dev/null)
    if test $status -eq 64
        __fish_complete_path $word
    else
        printf '%s\n' $answer
    end
end

complete --command notifyctl --no-files --keep-order --arguments '(__notifyctl_answer)'
