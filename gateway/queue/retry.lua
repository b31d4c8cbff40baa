#!lua flags=allow-oom
-- retry - a waiting message is due now; a dead letter too, with a fresh life, behind those of its order key.
-- What is to be fetched stays so. ARGV[2] id. Answers 0: there is none, 1: due, 2: in somebody's hands, 3: it waits for others of its order key.
local id = ARGV[2]
local r = get(id)
if not r then
	return 0
elseif redis.call('ZSCORE', LEASE, id) then
	return 2
end
local fetched = tonumber(r[AFTER]) >= 253402300799000 -- QUEUE_NEVER of queue.h
if redis.call('ZSCORE', DEAD, id) then
	local life = bounds(r)
	unbury(id, r)
	r[EXPIRE] = life > 0 and now + life or 0
	r[TOKEN] = ''
	if not fetched then
		r[AFTER] = 0
	end
	set(id, r)
	if r[KEY] ~= '' then
		redis.call('RPUSH', base .. 'f:' .. r[KEY], id)
	end
end
wait(id, r, fetched and tonumber(r[AFTER]) or now)
return redis.call('ZSCORE', DUE, id) and 1 or 3
