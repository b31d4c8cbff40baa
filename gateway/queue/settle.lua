#!lua flags=allow-oom
-- settle - the end of one claim. ARGV: id, token, verdict, cause, ms until the next try (-1: no more attempts), ms that a
-- delivered id stays known, concurrency, troubles that open the breaker, ms it stays open.
-- Answers {what became of it, moment of the next try}.
local STALE, GONE, BURIED, WAITING = 0, 1, 2, 3
local id, verdict, cause, delay = ARGV[2], ARGV[4], ARGV[5], tonumber(ARGV[6])
local bound, failures, span = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])

-- The destination did well: one more at once after as many successes as are allowed at once.
local function well()
	if redis.call('HGET', STATE, 'trial') == id then
		redis.call('HDEL', STATE, 'open', 'span', 'trial')
	end
	redis.call('HDEL', STATE, 'bad')
	local limit = limit_now(bound)
	if limit < bound and redis.call('HINCRBY', STATE, 'good', 1) >= limit then
		redis.call('HSET', STATE, 'limit', limit + 1)
		redis.call('HDEL', STATE, 'good')
	end
end

-- The destination was at fault: half as many at once. While the breaker is open only its trial has a say.
local function trouble()
	redis.call('HSET', STATE, 'limit', math.max(1, math.floor(limit_now(bound) / 2)))
	redis.call('HDEL', STATE, 'good')
	if state('open', 0) > 0 then
		if redis.call('HGET', STATE, 'trial') == id then
			local longer = math.min(state('span', span) * 2, span * SPAN_MOST)
			redis.call('HSET', STATE, 'open', now + longer, 'span', longer)
			redis.call('HDEL', STATE, 'trial')
		end
	elseif failures > 0 and redis.call('HINCRBY', STATE, 'bad', 1) >= failures then
		redis.call('HSET', STATE, 'open', now + span, 'span', span)
		redis.call('HDEL', STATE, 'bad')
	end
end

local r = get(id)
if not r then
	return {redis.call('EXISTS', base .. 'dup:' .. id) == 1 and GONE or STALE, 0}
end
if r[TOKEN] ~= ARGV[3] then
	return {STALE, 0}
end
if redis.call('ZREM', LEASE, id) == 0 then -- settled before, the answer was lost: the same answer again
	local due = redis.call('ZSCORE', DUE, id)
	return {due and WAITING or BURIED, tonumber(due or 0)}
end

if verdict == 'delivered' then
	well()
	erase(id)
	redis.call('SET', base .. 'dup:' .. id, '', 'PX', ARGV[7])
	leave(id, r)
	return {GONE, 0}
end
if verdict == 'trouble' then
	trouble()
end
trial_over(id)
if verdict == 'returned' then
	r[ATTEMPTS] = r[ATTEMPTS] - 1
	delay = 0
else
	r[CAUSE] = cause
end
if verdict == 'rejected' or delay < 0 or r[EXPIRE] > 0 and now + delay >= r[EXPIRE] and verdict ~= 'returned' then
	bury(id, r, cause)
	return {BURIED, 0}
end
set(id, r)
wait(id, r, now + delay)
return {WAITING, now + delay}
