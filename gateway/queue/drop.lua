#!lua flags=allow-oom
-- drop - takes one message out for good. ARGV[2] id.
-- Answers {0: there is none, 1: gone, 2: in somebody's hands; name of its spool file}.
local id = ARGV[2]
local r = get(id)
if not r then
	return {0, ''}
elseif redis.call('ZSCORE', LEASE, id) then
	return {2, ''}
end
if redis.call('ZSCORE', DEAD, id) then
	unbury(id, r)
else
	redis.call('ZREM', DUE, id)
	redis.call('ZREM', LIVE, id)
	leave(id, r)
end
erase(id)
return {1, r[SPOOL]}
