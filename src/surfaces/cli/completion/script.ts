/** What each shell runs to complete `stint`. Paths are its own business: it is told so by a line `:files` or `:folders`. */
export const completionScripts = {
  bash: `# In ~/.bashrc: eval "$(stint completion bash)"
_stint() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files) compopt -o default 2>/dev/null ;;
      :folders) compopt -o dirnames 2>/dev/null ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(stint __complete bash "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _stint stint`,
  zsh: `#compdef stint
# In ~/.zshrc, below compinit: eval "$(stint completion zsh)"
_stint() {
  local line value
  local -a found
  for line in "\${(@f)$(stint __complete zsh "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files) _files; return ;;
      :folders) _files -/; return ;;
      *)
        value="\${line%%$'\\t'*}"
        found+=("\${value//:/\\\\:}:\${line#*$'\\t'}")
        ;;
    esac
  done
  _describe 'stint' found
}
if [ "\${funcstack[1]}" = _stint ]; then _stint "$@"; else compdef _stint stint; fi`,
  fish: `# In ~/.config/fish/config.fish: stint completion fish | source
function __stint_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  for line in (stint __complete fish $words[2..-1] "$current" 2>/dev/null)
    switch $line
      case ':files'
        __fish_complete_path "$current"
      case ':folders'
        __fish_complete_directories "$current" ''
      case '*'
        echo $line
    end
  end
end
complete -c stint -f -a '(__stint_complete)'`,
} as const;

export type Shell = keyof typeof completionScripts;
