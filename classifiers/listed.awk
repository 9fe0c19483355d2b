# The published indicators as rows of C: feeds/indicators.csv (RFC 4180, one record a line) → indicators_listed.
BEGIN {
    kind["domain-name"] = "INDICATOR_DOMAIN"; kind["ipv4-addr"] = "INDICATOR_IPV4"; kind["ipv6-addr"] = "INDICATOR_IPV6"
    kind["url"] = "INDICATOR_URL"; kind["file"] = "INDICATOR_FILE"; kind["file-name"] = "INDICATOR_FILE_NAME"
    kind["x-extension-id"] = "INDICATOR_EXTENSION"
    print "#include \"classifiers/indicators.h\"\nconst struct indicator indicators_listed[] = {"
}
NR > 1 && !/^#/ && length($0) > 0 {
    n = 1; quoted = 0
    for (i = 1; i <= 5; i++) field[i] = ""
    for (i = 1; i <= length($0); i++) {
        c = substr($0, i, 1)
        if (c == "\"" && quoted && substr($0, i + 1, 1) == "\"") { field[n] = field[n] "\\\""; i++ }
        else if (c == "\"") quoted = !quoted
        else if (c == "," && !quoted) n++
        else field[n] = field[n] (c == "\\" ? "\\\\" : c)
    }
    if (!(field[1] in kind) || n != 5) { print FILENAME ": line " NR ": not a row of five columns" > "/dev/stderr"; exit 1 }
    printf "    {%s, \"%s\", \"%s\", \"%s\", \"%s\"},\n", kind[field[1]], field[2], field[3], field[4], field[5]
}
END { print "    {.value = NULL}};" }
