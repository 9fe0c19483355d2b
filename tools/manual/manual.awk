# A program's --help, which is printed from its table of settings → its man page (mdoc) or its completion. And pages without
# a program. Variables:
#   what     man: a page of the program's flags; page: one of prose alone; list: lines of name, argument, help and values, parted by
#            tabs, as items of a page; example: the same as a configuration file; bash, zsh, fish: a completion
#   name, section, date
#   prose    of a page: the file with what no table says. A line @OPTIONS@ in it stands for the flags, @NAME@ for a file in
#   lists    the directory of what was made with list

what == "page" { exit }
what == "list" || what == "example" {
    count++
    split($0, part, "\t")
    long[count] = part[1]; argument[count] = part[2]; help[count] = part[3]; values[count] = part[4]
    next
}

# The text's first lines: usage, and what the program is for. Then, after an empty line, a row a flag.
NR == 1 { usage = substr($0, length("usage: " name) + 2); next }
!rows && NF == 0 { rows = 1; next }
!rows { about = about (about == "" ? "" : "\n") $0; next }
/^ +(-., )?--/ {
    count++
    letter[count] = match($0, /^  -., /) ? substr($0, 4, 1) : ""
    rest = substr($0, index($0, "--") + 2)
    long[count] = rest
    sub(/ .*/, "", long[count])
    rest = substr(rest, length(long[count]) + 2)
    argument[count] = rest ~ /^[^ ]/ ? rest : "" # a flag without a value is followed by blanks up to the next column
    sub(/ .*/, "", argument[count])
    help[count] = substr(rest, length(argument[count]) + 1)
    sub(/^ +/, "", help[count])
    next
}
{ print name " --help: not a row of its table: " $0 > "/dev/stderr"; failed = 1; exit 1 }

END {
    if (failed || !count && what != "page")
        exit 1
    if (what == "man" || what == "page") page()
    else if (what == "list") list()
    else if (what == "example") example()
    else if (what == "bash") bash()
    else if (what == "zsh") zsh()
    else fish()
}

# --- man

# A backslash is none, a flag's hyphen is no place to part a word.
function escaped(text) {
    gsub(/\\/, "\\e", text)
    gsub(/--/, "\\-\\-", text)
    gsub(/ -/, " \\-", text)
    return text
}

# Running text: each sentence begins a line, and none is longer than 80.
function put(text,   words, n, i, line) {
    n = split(escaped(text), words, /[ \n]/)
    for (i = 1; i <= n; i++) {
        if (line != "" && (length(line " " words[i]) > 78 || line ~ /[.]$/ && words[i] ~ /^[A-Z]/)) {
            print line
            line = ""
        }
        line = line (line == "" ? (words[i] ~ /^[.']/ ? "\\&" : "") : " ") words[i]
    }
    print line
}

# A word of the usage line as a macro.
function macro(word) {
    if (word ~ /^\[.*\]$/)
        return "Op " macro(substr(word, 2, length(word) - 2))
    if (word ~ /\001$/)
        return macro(substr(word, 1, length(word) - 1)) " ..."
    if (word ~ /^-/)
        return "Fl " escaped(substr(word, 2))
    if (word ~ /^[A-Z|]*[A-Z][A-Z|]*$/ || word == "options")
        return "Ar " word
    return word == "..." || word == "|" ? word : "Li " word
}

function synopsis(   words, n, i, line) {
    print ".Sh SYNOPSIS"
    gsub(/ \.\.\.\]/, "\001]", usage) # one word
    n = split(usage, words, " ")
    print ".Nm"
    for (i = 1; i <= n; i++) {
        line = macro(words[i])
        while (i < n && (words[i + 1] == "..." || words[i] ~ /^-/ && words[i + 1] ~ /^[A-Z]/))
            line = line " " macro(words[++i])
        print (line == "|" ? line : "." line)
    }
}

function options(   i) {
    print ".Bl -tag -width Ds"
    for (i = 1; i <= count; i++) {
        print ".It " (letter[i] != "" ? "Fl " letter[i] " , " : "") "Fl -" long[i] (argument[i] != "" ? " Ar " argument[i] : "")
        put(help[i])
    }
    print ".El"
}

function include(file,   line, any) {
    while ((getline line < file) > 0) {
        print line
        any = 1
    }
    if (!any) {
        print name ": nothing in " file > "/dev/stderr"
        exit 1
    }
}

# The prose begins with .Nd. Without prose --help says what there is to say.
function page(   line, began) {
    printf ".\\\" Made by tools/manual/manual.awk\n.Dd %s\n.Dt %s %s\n.Os\n.Sh NAME\n.Nm %s\n", date, toupper(name), section, name
    while (prose != "" && (getline line < prose) > 0) {
        if (line == "@OPTIONS@")
            options()
        else if (line ~ /^@.*@$/)
            include(lists "/" substr(line, 2, length(line) - 2))
        else
            print line
        if (!began++ && usage != "")
            synopsis()
    }
    if (began)
        return
    line = about
    sub(/\n.*/, "", line)
    sub(/\.( .*)?$/, "", line)
    print ".Nd " tolower(substr(line, 1, 1)) substr(line, 2)
    synopsis()
    print ".Sh DESCRIPTION"
    put(about)
    print ".Pp\nThe options are as follows:"
    options()
    print ".Sh SEE ALSO\n.Xr radome 8"
}

function list(   i) {
    print ".Bl -tag -width Ds"
    for (i = 1; i <= count; i++) {
        print argument[i] != "" ? ".It Ic " long[i] " No = Ar " argument[i] : ".It Va " long[i]
        if (help[i] != "")
            put(help[i] ".")
        if (values[i] != "")
            put(values[i])
    }
    print ".El"
}

# Every key, commented out.
function example(   i, words, n, j, line) {
    print "# What radome -c reads, see radome.conf(5): every key, as it is called on the command line. Words in capitals"
    print "# stand for yours. radome -c FILE -T checks a file and says what is in force."
    for (i = 1; i <= count; i++) {
        n = split(help[i], words, " ")
        print ""
        line = "#"
        for (j = 1; j <= n; j++) {
            if (length(line " " words[j]) > 100) {
                print line
                line = "#"
            }
            line = line " " words[j]
        }
        print line "\n# " long[i] " = " argument[i]
    }
}

# --- completions: what a value may be follows from what help calls it.

function kind(i) {
    if (argument[i] ~ /[|]/) return "words"
    if (argument[i] ~ /^(FILE|PATH|SOURCE|OUT)/) return "file"
    if (argument[i] == "DIR") return "directory"
    if (argument[i] == "IFACE") return "interface"
    return argument[i] == "" ? "none" : "text"
}
# The lower-case ones of a|b|C.
function words(i,   all, n, j, text) {
    n = split(argument[i], all, "|")
    for (j = 1; j <= n; j++)
        if (all[j] ~ /^[a-z]/)
            text = text (text == "" ? "" : " ") all[j]
    return text
}
function takes_files() { return usage ~ /(^| |\[)FILE( |\]|$)/ && usage !~ /--[a-z]+ FILE$/ }

function bash(   i, f, names) {
    f = name
    gsub(/-/, "_", f)
    print "# bash completion for " name ", made from its table of settings\n_" f "() {"
    print "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}"
    print "    case $prev in"
    for (i = 1; i <= count; i++) {
        names = names " --" long[i]
        if (kind(i) == "none")
            continue
        printf "        --%s%s) ", long[i], letter[i] != "" ? "|-" letter[i] : ""
        if (kind(i) == "file") print "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;"
        else if (kind(i) == "directory") print "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"); return ;;"
        else if (kind(i) == "interface") print "mapfile -t COMPREPLY < <(compgen -W \"$(ls /sys/class/net)\" -- \"$cur\"); return ;;"
        else if (kind(i) == "words") print "mapfile -t COMPREPLY < <(compgen -W \"" words(i) "\" -- \"$cur\"); return ;;"
        else print "return ;;"
    }
    print "    esac"
    print "    [[ $cur != -* ]] || mapfile -t COMPREPLY < <(compgen -W \"" substr(names, 2) "\" -- \"$cur\")"
    if (takes_files())
        print "    [[ $cur == -* ]] || { compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); }"
    print "}\ncomplete -F _" f " " name
}

function zsh_text(text) {
    gsub(/[\[\]:\\]/, "\\\\&", text)
    gsub(/'/, "'\\''", text)
    return text
}
function zsh(   i, value, text) {
    print "#compdef " name "\n# made from the program's table of settings\n_arguments -s \\"
    for (i = 1; i <= count; i++) {
        value = kind(i) == "none" ? "" : ":" zsh_text(argument[i]) ":"
        if (kind(i) == "file") value = value "_files"
        else if (kind(i) == "directory") value = value "_files -/"
        else if (kind(i) == "interface") value = value "_net_interfaces"
        else if (kind(i) == "words") value = value "(" words(i) ")"
        text = "[" zsh_text(help[i]) "]" value
        if (letter[i] != "")
            print "    '*-" letter[i] text "' \\"
        print "    '*--" long[i] text "' \\"
    }
    print "    '*:" (takes_files() ? "file:_files" : "argument: ") "'"
}

function fish(   i, value, text) {
    print "# fish completion for " name ", made from its table of settings"
    if (!takes_files())
        print "complete -c " name " -f"
    for (i = 1; i <= count; i++) {
        value = kind(i) == "none" ? "" : kind(i) == "file" ? " -r -F" : " -x"
        if (kind(i) == "directory") value = value " -a '(__fish_complete_directories)'"
        else if (kind(i) == "interface") value = value " -a '(ls /sys/class/net)'"
        else if (kind(i) == "words") value = value " -a '" words(i) "'"
        text = help[i]
        gsub(/\\/, "\\\\", text)
        gsub(/'/, "\\'", text)
        print "complete -c " name (letter[i] != "" ? " -s " letter[i] : "") " -l " long[i] value " -d '" text "'"
    }
}
