# Completion of otpctl for bash.
_otpctl() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local commands="find why limits unlock forget deny trust allow end destinations clients reload stats drain"
    local general="--json --socket --url --token-file --timeout --version --help" command="" options="" word
    COMPREPLY=()
    case $previous in
    --socket | --token-file)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --reason | --client | --for | --url | --timeout) return ;;
    esac
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        if [[ " $commands " == *" $word "* ]]; then
            command=$word
            break
        fi
    done
    case $command in
    "") options=$commands ;;
    unlock | forget) options="--reason --client" ;;
    deny | trust | allow) options="--for --reason" ;;
    end) options="deny trust allow --reason" ;;
    drain) options="--reason" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$options $general" -- "$current")
}
complete -F _otpctl otpctl
