# SPDX-License-Identifier: GPL-3.0-or-later
# What a direct message of 2 KB costs each part when several gateways share their memory, and what that makes of 10, 100 and
# 1,000 gateways on paper. Read by ./bench --scaling, whose functions it uses.
redis_says() { redis-cli -s "$world/r.sock" info "$1" | tr -d '\r'; }
redis_cpu() { redis_says cpu | awk -F: '/^used_cpu_(sys|user):/ {s += $2} END {print s}'; }
redis_memory() { redis_says memory | awk -F: '/^used_memory:/ {print $2}'; }
process_cpu() { awk -v hz="$(getconf CLK_TCK)" '{print ($14 + $15) / hz}' "/proc/$1/stat"; }
difference() { awk -v a="$1" -v b="$2" -v n="$3" 'BEGIN {print (b - a) / n}'; }
rested() { # command; microseconds of Redis for it in a second, by its own count, after so many seconds of rest
	redis_says commandstats | awk -F'[:=,]' -v of="^cmdstat_($1):" -v s="$rest" '$0 ~ of {us += $5} END {printf "%.1f", us / s}'
}
rest=20 idle=20 # seconds, and destinations that nothing waits for

n=$((8000 / scale))
echo
echo "One gateway, messages of 2 KB over 16 connections: alone, then with shared_replay"
configure
start
echo "$header"
row 2048 16 "$n"
alone=$(field 7) slow=$(field 8)
sed -i 's/in_hand: 256}/in_hand: 256, shared_replay: true}/' "$world/qaqpa.yaml"
start
load --payload 2048 --connections 16 --messages 200 >/dev/null
cpu=$(redis_cpu) memory=$(redis_memory) journal=$(du -s --block-size=1 "$world/journal" | cut -f1)
row 2048 16 "$n"
shared=$(field 7) fast=$(field 8)
redis_us=$(difference "$cpu" "$(redis_cpu)" "$n" | awk '{print $1 * 1e6}')
sleep 2 # the indices of the journal follow
journal=$(difference "$journal" "$(du -s --block-size=1 "$world/journal" | cut -f1)" "$n")
with_answers=$(difference "$memory" "$(redis_memory)" "$n")
redis-cli -s "$world/r.sock" --scan --pattern '*:answer' | xargs -n 500 redis-cli -s "$world/r.sock" unlink >/dev/null
sleep 1
records=$(difference "$memory" "$(redis_memory)" "$n")

redis-cli -s "$world/r.sock" sadd qaqpa:destinations $(seq -f 'idle%g' $idle) >/dev/null
sleep 2
redis-cli -s "$world/r.sock" config resetstat >/dev/null
sleep $rest
few=$(rested 'info|config.get|set|smembers') each=$(rested evalsha | awk -v n=$idle '{print $1 / n}')

proxied() { # mode; sets proxy_us
	local proxy cpu
	cat >"$world/haproxy.cfg" <<-END
		global
		  nbthread 1
		defaults
		  mode $1
		  timeout connect 2s
		  timeout client 90s
		  timeout server 90s
		listen bus
		  bind 127.0.0.1:$((port + 5))
		  server one 127.0.0.1:$port
	END
	haproxy -f "$world/haproxy.cfg" >>"$world/log" 2>&1 &
	proxy=$!
	until (exec 3<>"/dev/tcp/127.0.0.1/$((port + 5))") 2>/dev/null; do sleep 0.05; done
	load --payload 2048 --connections 16 --messages 200 --port $((port + 5)) >/dev/null
	cpu=$(process_cpu $proxy)
	load --payload 2048 --connections 16 --messages "$n" --port $((port + 5)) >/dev/null
	proxy_us=$(difference "$cpu" "$(process_cpu $proxy)" "$n" | awk '{print $1 * 1e6}')
	kill $proxy
	wait $proxy || true
}
pass=- through=-
if command -v haproxy >/dev/null; then
	proxied tcp
	pass=$proxy_us
	proxied http
	through=$proxy_us
fi

# The journal of the load above, and a copy of it beside a second gateway: asked for one messageId, from the start of the command to its end.
head -c 24 /dev/urandom | base64 >"$world/token"
chmod 600 "$world/token"
asks=(-H "Authorization: Bearer $(cat "$world/token")")
sed -i "s|^admin: {listen: \"127.0.0.1:$((port + 1))\"}|admin: {listen: \"127.0.0.1:$((port + 1))\", facts: true, token_file: $world/token}|" "$world/qaqpa.yaml"
stop
cp -r "$world/journal" "$world/journal2"
sed -e "s|127.0.0.1:$((port + 1))\"|127.0.0.1:$((port + 6))\"|; s|127.0.0.1:$port\"|127.0.0.1:$((port + 7))\"|; s|$world/journal,|$world/journal2,|" \
	"$world/qaqpa.yaml" >"$world/second.yaml"
chmod 600 "$world/second.yaml"
start
"$bin/qaqpad" --config "$world/second.yaml" 2>>"$world/log" &
second=$!
until curl -sf -o /dev/null "${asks[@]}" "http://127.0.0.1:$((port + 6))/readyz"; do sleep 0.05; done
searched() { # admin ports; sets search_ms, the median of 21
	local since
	{
		cat "$world/qaqpa.yaml"
		echo "nodes:"
		for at in "$@"; do echo "  - {name: n$at, url: \"http://127.0.0.1:$at\", token_file: $world/token}"; done
	} >"$world/nodes.yaml"
	chmod 600 "$world/nodes.yaml"
	for _ in $(seq 21); do
		since=$(date +%s%N)
		"$bin/qaqpa" msg find --nodes -c "$world/nodes.yaml" "$wanted" >"$world/found"
		echo $((($(date +%s%N) - since) / 1000))
	done | sort -n | sed -n 11p >"$world/median"
	search_ms=$(awk '{print $1 / 1000}' "$world/median")
	found=$(grep -c . "$world/found")
}
facts=$("$bin/qaqpa" msg find -c "$world/qaqpa.yaml" --limit 1000000 | wc -l)
wanted=$("$bin/qaqpa" msg find -c "$world/qaqpa.yaml" --limit 1000 -o json | sed -n 's/.*"message_id": *"\([^"]*\)".*/\1/p' | tail -1)
searched $((port + 1))
one_ms=$search_ms
searched $((port + 1)) $((port + 6))
kill $second
wait $second || true

echo
awk -v alone="$alone" -v shared="$shared" -v r="$redis_us" -v p="$pass" -v h="$through" -v j="$journal" -v a="$with_answers" \
	-v m="$records" -v few="$few" -v each="$each" -v slow="$slow" -v fast="$fast" \
	-v one="$one_ms" -v two="$search_ms" -v facts="$facts" -v found="$found" 'BEGIN {
	printf "a direct message costs\n"
	printf "  the gateway      %7.0f us of processor alone, %.0f us with shared_replay\n", 1e6 / alone, 1e6 / shared
	printf "  Redis            %7.0f us of its one thread, appendfsync always\n", r
	printf "  HAProxy          %7.0f us where it passes TLS through, %.0f us where it reads HTTP (without its TLS)\n", p, h
	printf "  the journal      %7.0f octets of disk\n", j
	printf "  memory of Redis  %7.0f octets for the record, %.0f more while the answer is kept\n", m, a - m
	printf "  time             %7.1f ms at the median over 16 connections, %.1f ms with shared_replay (its disk is that of the journal)\n", \
		slow, fast
	printf "a search for a messageId\n"
	printf "  over one journal %7.1f ms, over two gateways at once %.1f ms (%d facts each, %d lines found; with the start of the command)\n", \
		one, two, facts, found
	printf "a gateway that rests costs each Redis\n"
	printf "  %.0f us a second to look after it, and %.0f us for each destination to ask whether something is due\n", few, each
	printf "\non paper: nodes of 2 cores, half of each used; Redis half used; 20 destinations; remember 1h, answers 10m\n"
	printf "nodes    messages/s  Redis for records  of that resting  GB of it each  cores of HAProxy  GB of journal a day and node\n"
	rate = shared
	for (k = 1; k <= 1000; k *= 10) {
		total = k * rate
		rest = k * (few + 20 * each) / 1e6 # each gateway asks every Redis for what it holds: all destinations together
		count = 1
		while ((total * r / 1e6 + rest + (count - 1) * k * few / 1e6) / count > 0.5 && count < 100000) count++
		printf "%5d  %12.0f  %17s  %15.2f  %13.1f  %16.1f  %28.0f\n", k, total, count < 100000 ? count : "none do", rest, \
			total * (m * 3600 + (a - m) * 600) / count / 1e9, total * p / 1e6, rate * 86400 * j / 1e9
	}
}'
