# Part of tests/topology: rediss:// against a redis-server with a certificate of an authority made here.
cd "$work" || exit 1
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority >/dev/null 2>&1
for name in localhost elsewhere; do
    openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj /CN=$name >/dev/null 2>&1
    printf 'subjectAltName=DNS:%s' $name >$name.ext
    openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile $name.ext -out $name.pem >/dev/null 2>&1
done
cd "$OLDPWD" || exit 1
tls_port=''
for name in localhost elsewhere; do
    port=''
    start redis-server --tls-port 0
    eval "plain_$name=$port"
    on "$port" CONFIG SET tls-cert-file "$work/$name.pem" tls-key-file "$work/$name.key" tls-ca-cert-file "$work/ca.pem" tls-auth-clients no tls-port $((port + 1)) >"$work/config" 2>&1
    check "a server with the certificate of $name" "$(grep -q OK "$work/config"; echo $?)" "$work/config"
done
export SSL_CERT_FILE="$work/ca.pem"
sensor --redis "rediss://localhost:$((plain_localhost + 1))"; check 'over TLS' $? "$work/messages"
on "$plain_localhost" LRANGE radome:hits 0 -1 | cmp -s $golden -; check 'the golden lines are there' $?
timeout 20 "$build/radome-tail" --redis "rediss://localhost:$((plain_localhost + 1))" 2>/dev/null | cmp -s $golden -; check 'radome-tail over TLS' $?
sensor --redis "rediss://127.0.0.1:$((plain_localhost + 1))" --redis-wait 1; check 'another name for the host is refused' "$([ $? = 3 ] && grep -qi 'mismatch' "$work/messages"; echo $?)" "$work/messages"
sensor --redis "rediss://localhost:$((plain_elsewhere + 1))" --redis-wait 1; check "and another's certificate" "$([ $? = 3 ] && grep -qi 'mismatch' "$work/messages"; echo $?)" "$work/messages"
unset SSL_CERT_FILE
sensor --redis "rediss://localhost:$((plain_localhost + 1))" --redis-wait 1; check 'an authority that the system does not know' "$([ $? = 3 ] && grep -q 'no TLS' "$work/messages"; echo $?)" "$work/messages"
sensor --redis "rediss://localhost:$plain_localhost" --redis-wait 1; check 'a server that speaks no TLS there' "$([ $? = 3 ] && grep -q 'no TLS' "$work/messages"; echo $?)" "$work/messages"
