#!lua flags=no-writes
-- SPDX-License-Identifier: GPL-3.0-or-later
-- nikad_totals - each type: type, last serial, numbers given, numbers used; in the order of the alphabet.
local last, types, all = redis.call('HGETALL', base .. 'last'), {}, {}
for i = 1, #last, 2 do
	types[#types + 1] = last[i]
	all[last[i]] = last[i + 1]
end
table.sort(types)
local out = {}
for _, t in ipairs(types) do
	for _, v in ipairs({t, all[t], redis.call('HGET', base .. 'given', t) or 0, redis.call('HGET', base .. 'used', t) or 0}) do
		out[#out + 1] = v
	end
end
return out
