#!lua flags=allow-oom
-- hold - stops the claims of a destination (ARGV[2] is 1) or lets them go on; then an open breaker makes its trial at
-- once. KEYS[2] set of destinations, ARGV[3] the name.
if ARGV[2] == '1' then
	redis.call('HSET', STATE, 'hold', 1)
	redis.call('SADD', KEYS[2], ARGV[3])
else
	redis.call('HDEL', STATE, 'hold')
	if state('open', 0) > now then
		redis.call('HSET', STATE, 'open', now)
	end
end
return 1
