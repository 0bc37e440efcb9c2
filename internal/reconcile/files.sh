# What every script that gathers facts about a tree of files needs.

say() { printf '@%s\n' "$*"; };

# The words after the Include lines of a file, as far as a shell can tell.
CR=$(printf '\r');
NL=$(printf '\nx');
NL=${NL%x};
includes() { sed -n -e '/^[[:space:]]*"\{0,1\}[Ii][Nn][Cc][Ll][Uu][Dd][Ee]"\{0,1\}[[:space:]=]\{1,\}/!d' -e 's///' -e "y/\"$CR/  /" -e p "$1"; };

# A file, with its length in front of its bytes.
send() { n=$(wc -c <"$1"); say file "$((n))" "$1"; cat "$1"; echo; };
