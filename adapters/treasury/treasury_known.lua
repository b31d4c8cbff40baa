#!lua flags=no-writes
-- SPDX-License-Identifier: GPL-3.0-or-later
-- treasury_known - all that the register knows of an organisation. ARGV: BIN. Answers rows one behind the other:
--   power, number, role, principal, delegate, first day, last day, 1 revoked or 0    user, IIN, state    key, print
local bin, out = ARGV[2], {}
local function add(...)
	for _, word in ipairs({...}) do
		out[#out + 1] = word
	end
end
local powers = redis.call('HGETALL', base .. 'p:' .. bin)
for i = 1, #powers, 2 do
	add('power', powers[i], unpack(cmsgpack.unpack(powers[i + 1])))
end
local users = redis.call('HGETALL', base .. 'u:' .. bin)
for i = 1, #users, 2 do
	add('user', users[i], cmsgpack.unpack(users[i + 1])[1])
end
for _, print in ipairs(redis.call('SMEMBERS', base .. 'k:' .. bin)) do
	add('key', print)
end
return out
