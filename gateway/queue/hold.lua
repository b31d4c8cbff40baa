#!lua flags=allow-oom
-- hold - stops the claims of a destination (ARGV[2] is 1) or lets them go on; then an open breaker makes its trial at
-- once. With 'closed' in ARGV[4] in the place of 'hold' it is puts that are stopped. KEYS[2] set of destinations, ARGV[3] the
-- name.
if ARGV[2] == '1' then
	redis.call('HSET', STATE, ARGV[4], 1)
	redis.call('SADD', KEYS[2], ARGV[3])
	return 1
end
redis.call('HDEL', STATE, ARGV[4])
if ARGV[4] == 'hold' and state('open', 0) > now then
	redis.call('HSET', STATE, 'open', now)
end
return 1
