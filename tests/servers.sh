# For tests that need Redis servers of their own: sourced, not run. Servers are started on free loopback ports, each in a
# folder below $work, and are ended by their process ids when the test ends, however it ends. Counts checks.
passed=0
failed=0
pids=''
port=''
work=$(mktemp -d)

end_servers() { [ -z "$pids" ] || kill -9 $pids 2>/dev/null; wait 2>/dev/null; rm -rf "$work"; }
trap end_servers EXIT
trap 'exit 1' INT TERM HUP

check() { # check what holds? [file to show when not]
    if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "$suite: not so: $1"; [ ! -f "${3:-}" ] || head -n 20 "$3"; fi
}
finish() { echo "$suite: $passed passed, $failed failed"; [ "$failed" = 0 ]; exit; }

# start PROGRAM [settings ...]: leaves its port in $port and its process id in $pid. With $port set it uses that one: a server
# that cannot bind tries the next. Below the kernel's ephemeral range, and room above it for a cluster's bus.
start() {
    program=$1
    shift
    for try in 1 2 3 4 5 6 7 8 9 10; do
        [ -n "$port" ] || port=$((12000 + $(od -An -N2 -tu2 /dev/urandom) % 10000))
        mkdir -p "$work/$port"
        "$program" --bind 127.0.0.1 --port "$port" --save '' --dir "$work/$port" "$@" >>"$work/$port/log" 2>&1 &
        pid=$!
        for wait in $(seq 100); do
            if redis-cli -h 127.0.0.1 -p "$port" PING 2>&1 | grep -qE 'PONG|NOAUTH'; then pids="$pids $pid"; return 0; fi
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -9 "$pid" 2>/dev/null
        port=''
    done
    echo "$suite: no server could be started"; echo "$suite: $passed passed, $((failed + 1)) failed"; exit 1
}

# eventually COMMAND ...: within a generous while it succeeds.
eventually() {
    for try in $(seq 150); do "$@" && return 0; sleep 0.1; done
    return 1
}
