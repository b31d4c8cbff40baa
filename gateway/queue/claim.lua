#!lua flags=allow-oom
-- claim - due messages into one gateway's hands, after what ran out was put in order.
-- ARGV: most, ms of the lease, token, concurrency. Answers {ms until the next or -1, claimed, expired}; of claimed and
-- expired each message is {id, token, attempt, accepted, expire, order key, meta, policy, body, spool file}.
local PART = 32 -- bound of each step that puts in order: a script keeps everybody waiting
local most, lease, token, bound = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local claimed, expired = {}, {}

local function told(id, r)
	return {id, r[TOKEN], r[ATTEMPTS], r[ACCEPTED], r[EXPIRE], r[KEY], r[META], r[POLICY],
		redis.call('GET', base .. 'b:' .. id) or '', r[SPOOL]}
end

-- Leases that ran out. The attempt was counted when it was claimed; it counts no more than that.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', LEASE, '-inf', now, 'LIMIT', 0, PART)) do
	local r = get(id)
	redis.call('ZREM', LEASE, id)
	trial_over(id)
	if r then
		local _, attempts = bounds(r)
		r[TOKEN] = ''
		if attempts > 0 and r[ATTEMPTS] >= attempts then
			bury(id, r, 'lease.lost')
			expired[#expired + 1] = told(id, r)
		else
			set(id, r)
			wait(id, r, now)
		end
	end
end

local late = redis.call('ZRANGEBYSCORE', LIVE, '-inf', now, 'LIMIT', 0, PART)
for _, id in ipairs(late) do
	local r = get(id)
	if r then
		bury(id, r, 'expired')
		expired[#expired + 1] = told(id, r)
	else
		redis.call('ZREM', LIVE, id)
	end
end

local held = redis.call('HEXISTS', STATE, 'hold') == 1
local open, limit = state('open', 0), limit_now(bound)
local room = math.min(most, limit - redis.call('ZCARD', LEASE))
local trial = open > 0 and open <= now
if held or open > now or #late == PART or trial and redis.call('HEXISTS', STATE, 'trial') == 1 then
	room = 0
elseif trial then
	room = math.min(room, 1)
end
if room > 0 then
	for n, id in ipairs(redis.call('ZRANGEBYSCORE', DUE, '-inf', now, 'LIMIT', 0, room)) do
		local r = get(id)
		redis.call('ZREM', DUE, id)
		redis.call('ZREM', LIVE, id)
		if r then
			r[ATTEMPTS] = r[ATTEMPTS] + 1
			r[TOKEN] = token .. n
			set(id, r)
			redis.call('ZADD', LEASE, now + lease, id)
			claimed[#claimed + 1] = told(id, r)
			if trial then
				redis.call('HSET', STATE, 'trial', id)
			end
		end
	end
end
if #claimed > 0 and state('limit', 0) ~= limit then
	redis.call('HSET', STATE, 'limit', limit)
end

local soon = -1
local function not_later(at)
	if at < NEVER and (soon < 0 or at - now < soon) then
		soon = math.max(0, at - now)
	end
end
local function first(of)
	local f = redis.call('ZRANGE', of, 0, 0, 'WITHSCORES')
	if f[2] then
		not_later(tonumber(f[2]))
	end
end
first(LEASE)
first(LIVE)
if open > now and not held then
	not_later(open)
elseif room > 0 and not (trial and #claimed > 0) and redis.call('ZCARD', LEASE) < limit then
	first(DUE)
end
return {soon, claimed, expired}
