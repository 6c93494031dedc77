#!/usr/bin/env bash
# Does what docs/operating.md says under "A private network of three servers", line by line: each server is a
# namespace with an /etc, a /var/lib and a /run of its own. Commands that a test must not run (systemctl, scp)
# have stand-ins.
# shellcheck disable=SC1091,SC2154 # world.sh has the rest
. "$(dirname "$0")/world.sh"
need nsenter unshare
page=$world_dir/../../../docs/operating.md
servers=(a b c)

mkdir "$work/bin"
cp "$skad" "$work/bin/skad" # no link: it may lie below /root, which each server has of its own
cat >"$work/bin/systemctl" <<'END'
#!/bin/bash
# systemctl [enable --now|start|stop|reload] skad, on the server whose folder is $HERE
case $1 in
enable | start)
    skad run 2>>"$HERE/log" </dev/null &
    echo $! >"$HERE/pid"
    for _ in $(seq 200); do ! skad status >/dev/null 2>&1 || exit 0; sleep 0.1; done
    exit 1
    ;;
stop) kill -TERM "$(cat "$HERE/pid")" && tail -f /dev/null --pid="$(cat "$HERE/pid")" ;;
reload) kill -HUP "$(cat "$HERE/pid")" ;;
esac
END
cat >"$work/bin/scp" <<'END'
#!/bin/bash
# scp [-pr] FILE... SERVER:FOLDER
[[ $1 != -* ]] || shift
to=${!#}
cp -a "${@:1:$#-1}" "$HERE/../${to%%:*}${to#*:}"
END
printf '#!/bin/sh\ntrue\n' >"$work/bin/chown" # there is no user skad here
chmod 755 "$work"/bin/*

number=11
for server in "${servers[@]}"; do
    add_host "$server" "10.9.0.$number/24"
    number=$((number + 1))
    mkdir -p "$work/$server"/{root,var/lib/skad,run/skad,etc/skad}
done
own_etc
mkdir -p /etc/skad

# run SERVER COMMAND: with the server's folders in their places.
run() {
    # shellcheck disable=SC2016 # the inner shell expands them
    nsenter "--net=/run/netns/$1" env -u SKAD_CONFIG PATH="$work/bin:$PATH" HERE="$work/$1" HOME="$work/$1/root" \
        unshare --mount bash -c '
            mount --bind "$HERE/etc/skad" /etc/skad
            mount --bind "$HERE/var/lib" /var/lib
            mount --bind "$HERE/run" /run
            mount --bind "$HERE/root" /root
            eval "$1"' - "$2"
}

# expect_output SERVER COMMAND WANTED: at the latest after some seconds, as joining takes some.
expect_output() {
    local got=
    for _ in $(seq 100); do
        got=$(run "$1" "$2" 2>"$work/err") || true
        [ "$got" != "$3" ] || return 0
        [[ $2 != *put* ]] || break
        sleep 0.1
    done
    fail "$1# $2: '$got' instead of '$3': $(cat "$work/err")"
}

server=
command=
wanted=
steps=0
finish_step() {
    [ -n "$server" ] || return 0
    say "$server# ${command%%$'\n'*}"
    if [ -n "$wanted" ]; then
        expect_output "$server" "$command" "$wanted"
    else
        run "$server" "$command" >"$work/out" 2>"$work/err" || fail "$(cat "$work/err")"
    fi
    steps=$((steps + 1))
    server=
}

inside=
document=
while IFS= read -r line; do
    case $line in
    '```console') inside=1 ;;
    '```')
        finish_step
        inside=
        ;;
    [abc]'# '*)
        finish_step
        server=${line%%#*}
        command=${line#*# }
        wanted=
        [[ $line != *'<<END'* ]] || document=1
        ;;
    *)
        if [ -n "$document" ]; then
            command+=$'\n'$line
            [ "$line" != END ] || document=
        elif [ -n "$inside" ]; then
            wanted+=${wanted:+$'\n'}$line
        fi
        ;;
    esac
done < <(sed -n '/^## A private network of three servers/,/^## /p' "$page")
[ "$steps" -ge 20 ] || fail "only $steps steps found in $page"
for server in "${servers[@]}"; do
    run "$server" "systemctl stop skad"
    [ -z "$(find "$work/$server/var" -name '*.aside-*' -o -name '*.bad-*')" ] || fail "set aside"
done
say "passed"
