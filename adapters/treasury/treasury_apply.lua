#!lua flags=allow-oom
-- SPDX-License-Identifier: GPL-3.0-or-later
-- treasury_apply - a fact is written into the register. Facts may come twice and in any order: a power that was revoked stays
-- so, of a user the latest counts, a lost key is lost. ARGV: what, BIN, ms, and then
--   power: number, role, principal, delegate, first day, last day    revoke: number    user: IIN, state, print of a lost key or ''
-- Answers {1}.
local what, bin, ms = ARGV[2], ARGV[3], tonumber(ARGV[4])
local function of(name, field)
	local packed = redis.call('HGET', base .. name .. bin, field)
	return packed and cmsgpack.unpack(packed)
end
local function put(name, field, value)
	redis.call('HSET', base .. name .. bin, field, cmsgpack.pack(value))
end
if what == 'power' then
	local old = of('p:', ARGV[5])
	put('p:', ARGV[5], {ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10], old and old[6] or 0})
elseif what == 'revoke' then
	local old = of('p:', ARGV[5]) or {'', '', '', '', '', 0}
	old[6] = 1
	put('p:', ARGV[5], old)
elseif what == 'user' then
	local old = of('u:', ARGV[5])
	if not old or old[2] <= ms then
		put('u:', ARGV[5], {ARGV[6], ms})
	end
	if ARGV[7] ~= '' then
		redis.call('SADD', base .. 'k:' .. bin, ARGV[7])
	end
end
return {1}
