-- SPDX-License-Identifier: GPL-3.0-or-later
-- common - stands before every script, behind its first line. The keys are explained in queue_int.h.
-- KEYS[1] is what all keys of the destination begin with, ARGV[1] the time in ms, 0 for the clock of Redis.
local base = KEYS[1]
local DUE, LIVE, LEASE, DEAD = base .. 'due', base .. 'live', base .. 'lease', base .. 'dead'
local STATE, CAUSES = base .. 'state', base .. 'cause'
local NEVER = 4e15 -- in LIVE the end of a message that never expires: this plus its acceptance
local SPAN_MOST = 16 -- a breaker stays open at most so many times its first span

-- A record is one string of these fields, packed. Without body and with 60 octets of meta it takes 296 octets of memory
-- (MEMORY USAGE), with its places in DUE and LIVE and an order key of its own 894 (measured): a million fit into a
-- gigabyte. A hash takes three times as much as soon as one field is longer than 64 octets.
local ATTEMPTS, ACCEPTED, EXPIRE, KEY, META, POLICY, CAUSE, TOKEN, SPOOL, SIZE, AFTER = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11

local now = tonumber(ARGV[1])
if now == 0 then
	local t = redis.call('TIME')
	now = t[1] * 1000 + math.floor(t[2] / 1000)
end

local function get(id)
	local packed = redis.call('GET', base .. 'm:' .. id)
	return packed and cmsgpack.unpack(packed)
end

local function set(id, r)
	redis.call('SET', base .. 'm:' .. id, cmsgpack.pack(r))
end

local function erase(id)
	redis.call('DEL', base .. 'm:' .. id, base .. 'b:' .. id)
end

-- Number of a field of the state; `usual` when it is not there.
local function state(field, usual)
	return tonumber(redis.call('HGET', STATE, field) or usual)
end

-- Third and sixth word of a policy: life in ms (0: for ever) and most attempts (0: any number).
local function bounds(r)
	local life, attempts = string.match(r[POLICY], '^%S+ %S+ (%d+) %S+ %S+ (%d+)')
	return tonumber(life), tonumber(attempts)
end

-- The message waits. Of an order key only the first is due; the others follow when those before them have left.
local function wait(id, r, at)
	redis.call('ZADD', LIVE, r[EXPIRE] > 0 and r[EXPIRE] or NEVER + r[ACCEPTED], id)
	if r[KEY] == '' or redis.call('LINDEX', base .. 'f:' .. r[KEY], 0) == id then
		redis.call('ZADD', DUE, at, id)
	end
end

-- The message leaves its order key; when it was the first, the next becomes due.
local function leave(id, r)
	if r[KEY] == '' then
		return
	end
	local list = base .. 'f:' .. r[KEY]
	if redis.call('LINDEX', list, 0) ~= id then
		redis.call('LREM', list, 1, id)
		return
	end
	local follower, record
	repeat
		redis.call('LPOP', list)
		follower = redis.call('LINDEX', list, 0)
		record = follower and get(follower)
	until record or not follower
	if record then
		redis.call('ZADD', DUE, math.max(now, record[AFTER]), follower)
	end
end

-- To the dead letters.
local function bury(id, r, cause)
	redis.call('ZREM', DUE, id)
	redis.call('ZREM', LIVE, id)
	redis.call('ZREM', LEASE, id)
	leave(id, r)
	r[CAUSE] = cause
	set(id, r)
	redis.call('ZADD', DEAD, now, id)
	redis.call('HINCRBY', CAUSES, cause, 1)
end

-- Out of the dead letters.
local function unbury(id, r)
	redis.call('ZREM', DEAD, id)
	if redis.call('HINCRBY', CAUSES, r[CAUSE], -1) <= 0 then
		redis.call('HDEL', CAUSES, r[CAUSE])
	end
end

-- Concurrency allowed now; `most` is the configured bound.
local function limit_now(most)
	return math.max(1, math.min(state('limit', most), most))
end

-- The trial of a half-open breaker ended without telling anything: another may be made.
local function trial_over(id)
	if redis.call('HGET', STATE, 'trial') == id then
		redis.call('HDEL', STATE, 'trial')
	end
end

-- A message as operators see it: {id, score, attempts, accepted, expire, order key, meta, policy, cause, octets of the
-- body, spool file, moment}; the moment is that of the next try (0: behind others of its key), of the end of the lease, or
-- of giving it up, for `of` LIVE, LEASE and DEAD.
local function shown(of, id, score, r)
	local moment = of == LIVE and tonumber(redis.call('ZSCORE', DUE, id) or 0) or score
	return {id, score, r[ATTEMPTS], r[ACCEPTED], r[EXPIRE], r[KEY], r[META], r[POLICY], r[CAUSE], r[SIZE], r[SPOOL], moment}
end
